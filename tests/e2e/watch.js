// Put into the page before its own scripts: writes down what it asks of the browser, as `window.watched`.
window.watched = {
  cameraRequests: 0,
  tracks: [],
  sockets: [],
  framesSent: 0,
  results: 0,
  withVotes: 0,
  errors: [],
  mostInFlight: 0,
  states: [],
  updates: [],
  last: {},
  landmarks: 0,
  layoutShift: 0,
  violations: [],
};

if (navigator.mediaDevices) {
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wishes) => {
    watched.cameraRequests += 1;
    const stream = await getUserMedia(wishes);
    watched.tracks.push(...stream.getTracks());
    return stream;
  };
}

window.WebSocket = class extends WebSocket {
  constructor(...address) {
    super(...address);
    this.waiting = new Set();
    watched.sockets.push(this);
    this.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      this.waiting.delete(message.frame_id);
      watched.last[message.type] = message;
      if (message.type === "result") watched.results += 1;
      if (message.type === "result" && message.faces.some((face) => face.votes)) watched.withVotes += 1;
      if (message.type === "error") watched.errors.push(message.code);
    });
  }

  send(data) {
    super.send(data);
    if (typeof data === "string") return void watched.updates.push(JSON.parse(data));
    this.waiting.add(new DataView(data.buffer, data.byteOffset).getUint32(0));
    watched.framesSent += 1;
    watched.mostInFlight = Math.max(watched.mostInFlight, this.waiting.size);
  }
};

// Landmarks are the only circles that are drawn.
const arc = CanvasRenderingContext2D.prototype.arc;
CanvasRenderingContext2D.prototype.arc = function (...circle) {
  watched.landmarks += 1;
  return arc.apply(this, circle);
};

new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) watched.layoutShift += shift.value;
}).observe({ type: "layout-shift", buffered: true });

document.addEventListener("securitypolicyviolation", (event) => watched.violations.push(event.violatedDirective));

new MutationObserver(() => {
  const state = document.body?.dataset.state;
  if (state) watched.states.push([state, document.getElementById("stage-note").textContent]);
}).observe(document, { subtree: true, attributeFilter: ["data-state"] });
