// What a frame costs, measured where the page runs.
import { type App, THINNED } from "./app";

export interface Measured {
  renderer: string;
  frames: number;
  walks: number;
  pixels: [number, number];
  median_ms: number;
  p95_ms: number;
  thinned_ms: number;
  pick_ms: number;
}

/**
 * Pans the map back and forth over `frames` frames, waiting for each to be drawn, and picks after each; then as many
 * frames as they are drawn where frames are late.
 */
export async function benchmark(app: App, frames = 120): Promise<Measured> {
  const gl = app.scene.renderer.getContext();
  const pixel = new Uint8Array(4);
  const [draws, thinned, picks]: number[][] = [[], [], []];
  app.screen.eye.fit();
  for (let frame = 0; frame < 2 * frames; frame++) {
    const share = frame < frames ? 1 : THINNED;
    await new Promise(requestAnimationFrame);
    const begin = performance.now();
    app.screen.eye.pan(frame % 40 < 20 ? 6 : -6, frame % 20 < 10 ? 3 : -3);
    app.screen.moved();
    app.draw(share);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel); // returns when the frame is there
    const drawn = performance.now();
    app.screen.pick(app.screen.width / 2, app.screen.height / 2, 12);
    (share === 1 ? draws : thinned).push(drawn - begin);
    picks.push(performance.now() - drawn);
  }
  app.screen.eye.fit();
  app.moved();
  const at = (values: number[], share: number): number => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * share)];
  return {
    renderer: renderer(gl),
    frames,
    walks: app.walks.count,
    pixels: [gl.drawingBufferWidth, gl.drawingBufferHeight],
    median_ms: at(draws, 0.5),
    p95_ms: at(draws, 0.95),
    thinned_ms: at(thinned, 0.5),
    pick_ms: at(picks, 0.5),
  };
}

function renderer(gl: WebGLRenderingContext | WebGL2RenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}
