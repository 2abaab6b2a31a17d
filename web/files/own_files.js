// @ts-check
/** Which of the person's files a job was made of, while this page is open: it plays without being asked for again. */

/** @type {Map<string, File>} */
const files = new Map();

/** @param {string} jobId @param {File} file */
export const remember = (jobId, file) => void files.set(jobId, file);

/** @param {string} jobId */
export const ownFile = (jobId) => files.get(jobId);
