// A picture of one colour, and what colour a picture has on the whole.
"use strict";

const FRAMES_PER_SECOND = 15;

class Paint {
  constructor(color, width = 320, height = 240) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    this.color = color;
    let count = 0;
    this.timer = setInterval(() => {
      context.fillStyle = `rgb(${this.color.join(",")})`;
      context.fillRect(0, 0, width, height);
      context.fillRect(count++ % width, 0, 1, 1); // a canvas that nobody draws on has no frames
    }, 1000 / FRAMES_PER_SECOND);
    this.track = canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0];
  }

  set(color) {
    this.color = color;
  }

  stop() {
    clearInterval(this.timer);
    this.track.stop();
  }
}

class Eye {
  constructor(track) {
    this.element = track.attach();
    this.element.muted = true;
    document.body.append(this.element);
    this.canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 16 });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // Red, green and blue of the picture that is shown, and its size; null before the first one.
  report() {
    const { videoWidth: width, videoHeight: height } = this.element;
    if (!width || this.element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    this.context.drawImage(this.element, 0, 0, 16, 16);
    const { data } = this.context.getImageData(0, 0, 16, 16);
    const sums = [0, 0, 0];
    data.forEach((value, at) => at % 4 < 3 && (sums[at % 4] += value));
    return { color: sums.map((sum) => Math.round(sum / 256)), width, height };
  }

  stop() {
    this.element.remove();
  }
}
