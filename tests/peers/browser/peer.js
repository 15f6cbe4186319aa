// `peer`: a participant that tests drive. What it sees and gets it keeps, to be asked for.
"use strict";

const LK = LivekitClient;
const { Track, RoomEvent } = LK;
const SOURCES = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screen_share: Track.Source.ScreenShare,
};
const JOURNAL = [
  "connected", "disconnected", "reconnecting", "signalReconnecting", "reconnected",
  "participantConnected", "participantDisconnected", "participantAttributesChanged",
  "trackPublished", "trackUnpublished", "trackSubscribed", "trackUnsubscribed",
  "trackSubscriptionFailed", "trackMuted", "trackUnmuted", "localTrackPublished",
  "dataReceived", "participantEncryptionStatusChanged", "encryptionError", "mediaDevicesError",
];

function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

// What can be said of an argument of an event in JSON.
function told(value) {
  if (value instanceof Uint8Array) return { base64: base64(value) };
  if (value instanceof Error) return { error: value.name, message: value.message };
  if (value instanceof LK.Participant) return { identity: value.identity };
  if (value instanceof LK.TrackPublication) return { source: value.source, encrypted: value.isEncrypted };
  if (value instanceof Track) return { sid: value.sid };
  return value === undefined || typeof value === "object" ? null : value;
}

class Peer {
  journal = [];
  texts = [];
  files = [];
  #room = null;
  #sent = {}; // source -> Tone or Paint
  #seen = new Map(); // track -> Ear or Eye
  #keys = null;

  // `key`: a string, or {base64} of bytes; it turns encryption of media and data on.
  async join(url, token, { key = null, textTopics, byteTopics, encrypted = true }) {
    const options = { adaptiveStream: false, dynacast: false };
    if (key !== null) {
      this.#keys = new LK.ExternalE2EEKeyProvider();
      await this.setKey(key);
      const worker = new Worker("/livekit-client/livekit-client.e2ee.worker.mjs", { type: "module" });
      options.encryption = { keyProvider: this.#keys, worker };
    }
    const room = (this.#room = new LK.Room(options));
    for (const event of JOURNAL) {
      room.on(event, (...args) => this.journal.push({ event, args: args.map(told) }));
    }
    room.on(RoomEvent.TrackSubscribed, (track) => {
      this.#seen.set(track, track.kind === Track.Kind.Audio ? new Ear(track) : new Eye(track));
    });
    room.on(RoomEvent.TrackUnsubscribed, (track) => {
      this.#seen.get(track)?.stop();
      this.#seen.delete(track);
    });
    for (const topic of textTopics) room.registerTextStreamHandler(topic, (...it) => this.#text(...it));
    for (const topic of byteTopics) room.registerByteStreamHandler(topic, (...it) => this.#file(...it));
    if (key !== null) await room.setE2EEEnabled(encrypted);
    await room.connect(url, token);
    await audio.resume();
  }

  async leave() {
    for (const one of Object.values(this.#sent)) one.stop();
    this.#sent = {};
    await this.#room?.disconnect();
    this.#room = null;
  }

  setKey(key) {
    return this.#keys.setKey(typeof key === "string" ? key : bytesOf(key.base64).buffer);
  }

  setE2EEEnabled(enabled) {
    return this.#room.setE2EEEnabled(enabled);
  }

  // What it sends -----------------------------------------------------------------------------

  publishTone(frequency) {
    return this.#publish("microphone", new Tone(frequency));
  }

  publishColor(color, source) {
    return this.#publish(source, new Paint(color));
  }

  // Chromium's fake microphone (beeps) or camera (a green picture with a clock).
  async publishDevice(source) {
    const on = source === "camera" ? "setCameraEnabled" : "setMicrophoneEnabled";
    await this.#room.localParticipant[on](true);
  }

  async #publish(source, made) {
    this.#sent[source]?.stop();
    this.#sent[source] = made;
    const options = { source: SOURCES[source], simulcast: false, dtx: false, videoCodec: "vp8" };
    await this.#room.localParticipant.publishTrack(made.track, options);
  }

  // Another frequency or colour of what is sent.
  change(source, value) {
    this.#sent[source].set(value);
  }

  async unpublish(source) {
    const publication = this.#room.localParticipant.getTrackPublication(SOURCES[source]);
    await this.#room.localParticipant.unpublishTrack(publication.track);
    this.#sent[source]?.stop();
    delete this.#sent[source];
  }

  // What it hears and sees --------------------------------------------------------------------

  // Of the microphone {frequency, level}, else {color, width, height}; null where there is nothing.
  report(identity, source) {
    const participant = this.#room.remoteParticipants.get(identity);
    const track = participant?.getTrackPublication(SOURCES[source])?.track;
    return this.#seen.get(track)?.report() ?? null;
  }

  participants() {
    return [...this.#room.remoteParticipants.keys()];
  }

  // Texts, calls, files, data -----------------------------------------------------------------

  async sendText(text, topic, to) {
    await this.#room.localParticipant.sendText(text, { topic, destinationIdentities: to });
  }

  async #text(reader, { identity }) {
    const { id, topic, attributes } = reader.info;
    const seen = { id, topic, sender: identity, attributes, text: "", final: false };
    this.texts.push(seen);
    for await (const piece of reader) seen.text += piece;
    seen.final = true;
  }

  // Every call of the method is answered by `prefix`, and what it was called with.
  answer(method, prefix) {
    this.#room.registerRpcMethod(method, async ({ payload, callerIdentity }) => {
      this.journal.push({ event: "rpc", args: [method, callerIdentity, payload] });
      return prefix + payload;
    });
  }

  call(identity, method, payload) {
    const { localParticipant } = this.#room;
    return localParticipant.performRpc({ destinationIdentity: identity, method, payload });
  }

  async sendFile(name, content, topic, to) {
    const file = new File([bytesOf(content)], name, { type: "application/octet-stream" });
    const options = { topic, destinationIdentities: to, mimeType: file.type };
    await this.#room.localParticipant.sendFile(file, options);
  }

  async #file(reader, { identity }) {
    const { name, topic, size, mimeType } = reader.info;
    const seen = { name, topic, size, mimeType, sender: identity, content: null };
    this.files.push(seen);
    const pieces = await reader.readAll();
    seen.content = base64(new Uint8Array(await new Blob(pieces).arrayBuffer()));
  }

  async sendData(content, topic, reliable) {
    await this.#room.localParticipant.publishData(bytesOf(content), { topic, reliable });
  }
}

const peer = new Peer();
