// @ts-check
/** What a dropped file is for us, by its type or name; the server looks at its bytes, pure. */

const PICTURES = /\.(jpe?g|png|webp|gif|avif|bmp)$/i;
const VIDEOS = /\.(mp4|m4v|mov|webm|mkv|avi|zip)$/i;

/** For a file picker. */
export const ACCEPTED = "image/*,video/*,.mkv,.avi,.zip";

/**
 * @param {{ name: string, type: string }} file
 * @returns {"picture" | "video" | "other"}
 */
export function kindOf(file) {
  if (/^image\/(?!svg)/.test(file.type) || PICTURES.test(file.name)) return "picture";
  if (file.type.startsWith("video/") || VIDEOS.test(file.name)) return "video";
  return "other";
}
