// Put into the page before its own scripts: writes down what it asks of the browser, as `window.watched`.
window.watched = {
  cameraRequests: 0,
  tracks: [],
  sockets: [],
  framesSent: 0,
  mostInFlight: 0,
  states: [],
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
    this.addEventListener("message", (event) => this.waiting.delete(JSON.parse(event.data).frame_id));
  }

  send(data) {
    super.send(data);
    if (typeof data === "string") return;
    this.waiting.add(new DataView(data.buffer, data.byteOffset).getUint32(0));
    watched.framesSent += 1;
    watched.mostInFlight = Math.max(watched.mostInFlight, this.waiting.size);
  }
};

document.addEventListener("securitypolicyviolation", (event) => watched.violations.push(event.violatedDirective));

new MutationObserver(() => {
  const state = document.body?.dataset.state;
  if (state) watched.states.push([state, document.getElementById("stage-note").textContent]);
}).observe(document, { subtree: true, attributeFilter: ["data-state"] });
