// @ts-check
/** Where a frame and its boxes come to lie on the canvas, pure. */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {{ x: number, y: number }} Point */
/** @typedef {{ width: number, height: number }} Size */

/**
 * The largest place for a picture inside a room, centred.
 * @param {Size} picture
 * @param {Size} room
 * @returns {Box}
 */
export function fit(picture, room) {
  const scale = Math.min(room.width / picture.width, room.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { x: (room.width - width) / 2, y: (room.height - height) / 2, width, height };
}

/**
 * A box of the picture on its place, mirrored when the picture is.
 * @param {Box} box
 * @param {Size} picture
 * @param {Box} place
 * @param {boolean} mirrored
 * @returns {Box}
 */
export function onPlace(box, picture, place, mirrored) {
  const scale = place.width / picture.width;
  const left = mirrored ? picture.width - box.x - box.width : box.x;
  return { x: place.x + left * scale, y: place.y + box.y * scale, width: box.width * scale, height: box.height * scale };
}

/**
 * Where a chip goes: above its box, or inside it at the picture's top edge; never over the sides.
 * @param {Box} box
 * @param {Size} chip
 * @param {Box} place
 */
export function chipPlace(box, chip, place) {
  const x = Math.max(place.x, Math.min(box.x, place.x + place.width - chip.width));
  const above = box.y - chip.height;
  return { x, y: above >= place.y ? above : Math.max(box.y, place.y) };
}

/**
 * At most `limit` wide, the same proportions, whole pixels.
 * @param {Size} size
 * @param {number} limit
 * @returns {Size}
 */
export function atMostWide(size, limit) {
  const scale = Math.min(1, limit / size.width);
  return { width: Math.round(size.width * scale), height: Math.round(size.height * scale) };
}

/**
 * Share of two boxes that they have in common: intersection over union.
 * @param {Box} one
 * @param {Box} two
 */
export function overlap(one, two) {
  const width = Math.min(one.x + one.width, two.x + two.width) - Math.max(one.x, two.x);
  const height = Math.min(one.y + one.height, two.y + two.height) - Math.max(one.y, two.y);
  const common = Math.max(0, width) * Math.max(0, height);
  return common / (one.width * one.height + two.width * two.height - common);
}

/**
 * A point of the picture on its place, mirrored when the picture is.
 * @param {Point} point
 * @param {Size} picture
 * @param {Box} place
 * @param {boolean} mirrored
 * @returns {Point}
 */
export function pointOnPlace(point, picture, place, mirrored) {
  const { x, y } = onPlace({ ...point, width: 0, height: 0 }, picture, place, mirrored);
  return { x, y };
}

/** @param {Point} point @param {Box} box */
export const isIn = ({ x, y }, box) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
