// The marks, drawn by three: one call for all walks.
import { BufferAttribute, BufferGeometry, Points, Scene, ShaderMaterial, WebGLRenderer } from "three";
import type { Eye } from "./eye";
import type { Walks } from "./walks";

const VERTEX = `
attribute vec4 tint;
attribute float grow;
attribute float ring;
uniform float size;
uniform float least; // across a ringed mark
uniform float fog; // 0 for a flat map
uniform float middle;
varying vec4 colour;
varying float width;
varying float ringed;
void main() {
  ringed = ring;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  float far = fog > 0.0 ? clamp(middle / gl_Position.w, 0.5, 3.0) : 1.0;
  width = max(ring > 0.5 ? least : 1.5, size * grow / 16.0 * far);
  gl_PointSize = width;
  // What is ringed is hidden by nothing in front of it.
  if (fog > 0.0 && ring > 0.5) gl_Position.z = 0.05 * gl_Position.z - 0.94 * gl_Position.w;
  // What lies behind is paler, so that depth is seen before anything turns.
  colour = vec4(tint.rgb, tint.a * mix(1.0, clamp(far * far * 0.95, ring > 0.5 ? 0.85 : 0.35, 1.0), fog));
}`;
const FRAGMENT = `
uniform vec3 paper;
uniform vec3 ink;
uniform float fog;
varying vec4 colour;
varying float width;
varying float ringed;
void main() {
  float from = length(gl_PointCoord - 0.5) * width;
  float inside = clamp(width * 0.5 - from, 0.0, 1.0);
  // A rim of paper parts marks that overlap, where they are large enough to afford it.
  float rim = width > 8.0 || ringed > 0.5 ? clamp(width * 0.5 - 1.0 - from, 0.0, 1.0) : 1.0;
  float core = ringed > 0.5 ? clamp(width * 0.5 - 1.0 - max(1.5, 0.15 * width) - from, 0.0, 1.0) : 1.0;
  vec3 filled = mix(paper, mix(ink, colour.rgb, core), rim);
  if (fog > 0.0) {
    if (inside < 0.5) discard;
    gl_FragColor = vec4(mix(paper, filled, colour.a), 1.0);
  } else {
    gl_FragColor = vec4(filled, colour.a * inside);
  }
}`;

export interface Marks {
  /** Red, green, blue, opacity of each walk. */
  tint: Uint8Array;
  /** Size of each walk, in sixteenths of the usual one. */
  grow: Uint8Array;
  /** 1 for walks with a dark outline. */
  ring: Uint8Array;
  /** Walks that are drawn, in the order in which they are. */
  order: Uint32Array;
  drawn: number;
  /** How many of those lie in the lowest layer, the middle one, and on top. */
  layers: [number, number, number];
}

export class MarksScene {
  readonly marks: Marks;
  readonly renderer: WebGLRenderer;
  private readonly scene = new Scene();
  private readonly geometry = new BufferGeometry();
  private readonly material: ShaderMaterial;
  private area = 1;
  private ratio = 1;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly walks: Walks,
  ) {
    const n = walks.count;
    const deep = walks.dims > 2;
    this.renderer = new WebGLRenderer({ canvas, alpha: true, antialias: false, powerPreference: "high-performance" });
    this.renderer.setClearColor(0, 0);
    this.marks = { tint: new Uint8Array(4 * n), grow: new Uint8Array(n), ring: new Uint8Array(n), order: new Uint32Array(n), drawn: 0, layers: [0, 0, 0] };
    this.geometry.setAttribute("position", new BufferAttribute(walks.positions, 3));
    this.geometry.setAttribute("tint", new BufferAttribute(this.marks.tint, 4, true));
    this.geometry.setAttribute("grow", new BufferAttribute(this.marks.grow, 1));
    this.geometry.setAttribute("ring", new BufferAttribute(this.marks.ring, 1));
    this.geometry.setIndex(new BufferAttribute(this.marks.order, 1));
    this.material = new ShaderMaterial({
      vertexShader: VERTEX,
      fragmentShader: FRAGMENT,
      uniforms: {
        size: { value: 4 },
        least: { value: 9 },
        fog: { value: deep ? 1 : 0 },
        middle: { value: 1 },
        paper: { value: [1, 1, 1] },
        ink: { value: [0, 0, 0] },
      },
      transparent: !deep,
      depthTest: deep,
      depthWrite: deep,
    });
    const points = new Points(this.geometry, this.material);
    points.frustumCulled = false;
    this.scene.add(points);
  }

  resize(width: number, height: number): void {
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.area = width * height;
    this.renderer.setPixelRatio(this.ratio);
    this.renderer.setSize(width, height, false);
  }

  /** The colour behind all marks, and that of outlines. */
  dress(paper: [number, number, number], ink: [number, number, number]): void {
    this.material.uniforms.paper.value = paper.map((part) => part / 255);
    this.material.uniforms.ink.value = ink.map((part) => part / 255);
  }

  /** Call after writing to `marks`. */
  update(): void {
    this.geometry.attributes.tint.needsUpdate = true;
    this.geometry.attributes.grow.needsUpdate = true;
    this.geometry.attributes.ring.needsUpdate = true;
    if (this.geometry.index) this.geometry.index.needsUpdate = true;
  }

  /** Across a usual mark, in CSS pixels. */
  size(eye: Eye): number {
    // Marks fill a tenth of the map or so when all of it is seen, and grow slower than the map does.
    const whole = Math.min(11, Math.max(2.2, 0.36 * Math.sqrt(this.area / this.walks.count)));
    return Math.min(16, whole * Math.max(1, eye.nearness) ** 0.4);
  }

  /** `share`: of the layer that most marks lie in, how many are drawn; the order in it is random, so it looks alike. */
  draw(eye: Eye, share = 1): void {
    const [low, middle] = this.marks.layers;
    const left = low > middle ? (1 - share) * low : share < 1 ? low + (1 - share) * middle : 0;
    this.geometry.setDrawRange(Math.floor(left), this.marks.drawn - Math.floor(left));
    this.material.uniforms.size.value = this.size(eye) * this.ratio;
    // A few are seen anywhere; many must not cover the map.
    const least = Math.min(14, Math.max(6, 0.7 * Math.sqrt(this.area / Math.max(1, this.walks.placedCount))));
    this.material.uniforms.least.value = least * this.ratio;
    this.material.uniforms.middle.value = eye.distance;
    this.renderer.render(this.scene, eye.camera);
  }
}
