// @ts-check
/** Which frame of a video the browser shows. */

/** A browser may round the place that it was given. */
const STAYS_S = 0.05;

/**
 * Tells the moment of each frame, but not while the video stands where it was put.
 * @param {HTMLVideoElement} video
 * @param {() => number} soughtTo where that is
 * @param {(time: number) => void} tell
 */
export function followFrames(video, soughtTo, tell) {
  if (!("requestVideoFrameCallback" in video)) {
    const old = /** @type {HTMLVideoElement} */ (video);
    return old.addEventListener("timeupdate", () => tell(old.currentTime));
  }
  const next = /** @type {VideoFrameRequestCallback} */ ((_now, { mediaTime }) => {
    const stays = video.paused && Math.abs(video.currentTime - soughtTo()) < STAYS_S;
    if (!video.seeking && !stays) tell(mediaTime);
    video.requestVideoFrameCallback(next);
  });
  video.requestVideoFrameCallback(next);
}
