// Tones, and what is heard: the loudest frequency, and how loud all of it is.
"use strict";

const audio = new AudioContext({ sampleRate: 48000 });
const FFT_SIZE = 8192; // 5.9 Hz for each bin, 170 ms of sound

class Tone {
  constructor(frequency) {
    this.oscillator = new OscillatorNode(audio, { frequency });
    const gain = new GainNode(audio, { gain: 0.3 });
    const out = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
    this.oscillator.connect(gain).connect(out);
    this.oscillator.start();
    this.track = out.stream.getAudioTracks()[0];
  }

  set(frequency) {
    this.oscillator.frequency.value = frequency;
  }

  stop() {
    this.oscillator.stop();
    this.track.stop();
  }
}

class Ear {
  constructor(track) {
    this.element = track.attach(); // Chromium hands a remote track to nobody else before
    this.element.muted = true;
    document.body.append(this.element);
    this.source = audio.createMediaStreamSource(new MediaStream([track.mediaStreamTrack]));
    this.analyser = new AnalyserNode(audio, { fftSize: FFT_SIZE, smoothingTimeConstant: 0 });
    this.source.connect(this.analyser);
  }

  // The frequency in Hz (0 in silence), and the root of the mean square, from 0 to 1.
  report() {
    const samples = new Float32Array(FFT_SIZE);
    this.analyser.getFloatTimeDomainData(samples);
    const level = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / FFT_SIZE);
    const bins = new Float32Array(FFT_SIZE / 2);
    this.analyser.getFloatFrequencyData(bins);
    let top = 1;
    for (let bin = 2; bin < bins.length - 1; bin++) if (bins[bin] > bins[top]) top = bin;
    const [left, middle, right] = bins.slice(top - 1, top + 2);
    const curve = left - 2 * middle + right;
    const offset = Number.isFinite(curve) && curve !== 0 ? (left - right) / (2 * curve) : 0;
    const frequency = level > 0.001 ? ((top + offset) * audio.sampleRate) / FFT_SIZE : 0;
    return { frequency, level };
  }

  stop() {
    this.source.disconnect();
    this.element.remove();
  }
}
