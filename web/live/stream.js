// @ts-check
/**
 * The WebSocket session: opens it, sends frames into free slots, hands answers out, and comes back by itself after a
 * loss (exponential backoff with jitter) or when the server drains. It ends by `close` or when the server refuses us.
 */

import { backoffMs, drainedMs } from "./backoff.js";
import { SUBPROTOCOL, packFrame, parseMessage } from "./wire.js";
import { InFlight } from "./inflight.js";
import { MOST_IN_FLIGHT } from "./pace.js";
import { ticketed } from "../key.js";
import { Refused } from "../refused.js";

/** @typedef {import("./wire.js").ServerMessage} ServerMessage */
/** @typedef {"unreachable" | "lost" | "draining" | "busy" | "unavailable" | "tooOften" | "manyOfKey" | "manyOfAddress"} Cause */
/**
 * @typedef {object} Handlers
 * @property {(session: import("./wire.js").SessionCreated) => void} onOpen
 * @property {(result: import("./wire.js").Result, waited: import("./inflight.js").Waited) => void} onResult
 * @property {(frameId: number, reason: string) => void} onDropped
 * @property {(error: import("./wire.js").ServerError) => void} onError
 * @property {(lostFrames: number) => void} onLost every kept frame is without an answer from now on
 * @property {(delayMs: number, cause: Cause) => void} onWaiting
 * @property {(reason: string) => void} onRefused with the reason of `session.closed`; there is no coming back by itself
 * @property {() => boolean} mayConnect while it says no, only `retryNow` connects
 */

const HANDSHAKE_MS = 8_000;
/** How far beyond a frame's deadline its answer may be before the connection is taken for dead. */
const GRACE_MS = 4_000;
const REFUSALS = new Set([1002, 1003, 1008, 1009]);
const REFUSED_BY_POLICY = 1008;
const TRY_AGAIN_LATER = 1013;
/** Refusals that have words of their own while we wait. @type {Record<string, Cause>} */
const CAUSES = {
  too_many_requests: "tooOften",
  too_many_sessions_of_this_key: "manyOfKey",
  too_many_sessions_of_this_address: "manyOfAddress",
  unavailable: "unavailable",
};

export class Stream {
  /** @type {WebSocket | undefined} */
  #socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** The attempt that waits for its ticket. @type {symbol | undefined} */
  #opening;
  #attempt = 0;
  #deadlineMs = 1_000;
  #open = false;
  #everOpen = false;
  /** Why we wait, while we do. @type {Cause | undefined} */
  #cause;
  #closed = false;
  /** Whether the present session has answered a frame with a result. */
  #worked = false;
  #closingReason = "";
  #inFlight = new InFlight(MOST_IN_FLIGHT);

  /** @param {string} url @param {Handlers} handlers */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
  }

  /** @param {number} inFlight how many frames may be unanswered at once */
  canSend(inFlight) {
    return this.#open && this.#inFlight.hasRoom && this.#inFlight.size < inFlight;
  }

  connect() {
    clearTimeout(this.#timer);
    this.#drop();
    this.#worked = false;
    this.#cause = undefined;
    this.#closingReason = "";
    const attempt = (this.#opening = Symbol("attempt"));
    ticketed(this.url).then(
      (url) => attempt === this.#opening && this.#openSocket(url),
      (problem) => attempt === this.#opening && this.#gotNoTicket(problem),
    );
  }

  /** @param {unknown} problem */
  #gotNoTicket(problem) {
    const { code, passing } = problem instanceof Refused ? problem : new Refused("unreachable", "");
    this.#ended(passing ? 1006 : REFUSED_BY_POLICY, code);
  }

  /** @param {string} url */
  #openSocket(url) {
    this.#opening = undefined;
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.onmessage = (event) => this.#receive(parseMessage(event.data));
    socket.onclose = (event) => this.#ended(event.code, event.reason);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#ended(1006, ""), HANDSHAKE_MS);
  }

  /** Connects at once if we are waiting to. */
  retryNow() {
    if (!this.#closed && !this.#open && !this.#socket && !this.#opening) this.connect();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** Takes a slot; the frame counts as in flight while it is being encoded. @param {number} frameId */
  reserve(frameId) {
    this.#inFlight.take(frameId, performance.now());
  }

  /** Gives a slot back that was never used. @param {number} frameId */
  abandon(frameId) {
    this.#inFlight.settle(frameId, performance.now());
  }

  /**
   * Sends the frame if its slot is still its own: the connection may have changed while it was encoded.
   * @param {number} frameId
   * @param {number} captureUs
   * @param {Uint8Array} jpeg
   */
  send(frameId, captureUs, jpeg) {
    if (!this.#inFlight.has(frameId)) return false;
    if (!this.#open || this.#socket?.readyState !== WebSocket.OPEN) {
      this.abandon(frameId);
      return false;
    }
    this.#inFlight.sent(frameId, performance.now());
    this.#socket.send(packFrame(frameId, captureUs, jpeg));
    return true;
  }

  /** Tells the present session what is wished; the next one is told in `onOpen`. @param {import("./wire.js").Preferences} wishes */
  update(wishes) {
    if (this.#open) this.#socket?.send(JSON.stringify({ type: "session.update", ...wishes }));
  }

  /** A connection that keeps a frame far beyond its deadline is dead, whatever TCP believes. */
  checkHealth() {
    if (this.#open && this.#inFlight.oldestMs(performance.now()) > this.#deadlineMs + GRACE_MS) this.#ended(1006, "");
  }

  /** @param {ServerMessage | null} message */
  #receive(message) {
    switch (message?.type) {
      case "session.created":
        clearTimeout(this.#timer);
        this.#open = this.#everOpen = true;
        this.#deadlineMs = message.limits.frame_deadline_ms;
        this.#inFlight.capacity = Math.max(1, Math.min(MOST_IN_FLIGHT, message.limits.max_frames_in_flight));
        return this.handlers.onOpen(message);
      case "result": {
        this.#worked = true;
        this.#attempt = 0;
        const waited = this.#inFlight.settle(message.frame_id, performance.now());
        return waited && this.handlers.onResult(message, waited);
      }
      case "dropped":
        this.#inFlight.settle(message.frame_id, performance.now());
        return this.handlers.onDropped(message.frame_id, message.reason);
      case "error":
        if (message.frame_id != null) this.#inFlight.settle(message.frame_id, performance.now());
        return this.handlers.onError(message);
      case "session.closed":
        this.#closingReason = message.reason;
        return undefined;
      case "server.draining":
        return this.#wait(drainedMs(message.reconnect_after_ms, Math.random()), "draining");
      default:
        return undefined;
    }
  }

  /** @param {number} code @param {string} reason */
  #ended(code, reason) {
    const why = this.#closingReason || reason;
    const refused = REFUSALS.has(code) && !this.#worked && this.handlers.mayConnect();
    const draining = this.#cause === "draining";
    const cause = CAUSES[why] ?? (code === TRY_AGAIN_LATER ? "busy" : this.#everOpen ? "lost" : "unreachable");
    this.#drop();
    if (refused) {
      this.close();
      this.handlers.onRefused(why);
    } else if (!draining) {
      this.#wait(backoffMs(this.#attempt++, Math.random()), cause);
    }
  }

  /**
   * Sends no more and connects after a while; answers still on their way are welcome.
   * @param {number} delayMs
   * @param {Cause} cause
   */
  #wait(delayMs, cause) {
    clearTimeout(this.#timer);
    this.#open = false;
    this.#cause = cause;
    this.handlers.onWaiting(delayMs, cause);
    this.#timer = setTimeout(() => {
      this.#drop();
      if (this.handlers.mayConnect()) this.connect();
    }, delayMs);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#opening = undefined;
    this.#open = false;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.handlers.onLost(this.#inFlight.clear());
  }
}
