// Where the map is looked at from: flat from above, or around a point in space.
import { Matrix4, OrthographicCamera, PerspectiveCamera, Spherical, Vector3 } from "three";

const MARGIN = 1.12;

export interface Eye {
  readonly camera: OrthographicCamera | PerspectiveCamera;
  /** How much nearer than when the whole map is seen. */
  readonly nearness: number;
  /** From the eye to what is looked at. */
  readonly distance: number;
  resize(width: number, height: number): void;
  fit(): void;
  /** Move what is under the mouse along with it. */
  pan(dx: number, dy: number): void;
  /** A drag: moves a flat map, turns one in space. */
  drag(dx: number, dy: number): void;
  /** Nearer by a factor, keeping what is at x, y in pixels where it is. */
  zoom(factor: number, x: number, y: number): void;
  lookAt(x: number, y: number, z: number, nearness?: number): void;
}

/** Where points of the map are on the screen: world to clip space. */
export function clip(eye: Eye, into: Matrix4): Matrix4 {
  eye.camera.updateMatrixWorld();
  return into.multiplyMatrices(eye.camera.projectionMatrix, eye.camera.matrixWorldInverse);
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export class FlatEye implements Eye {
  readonly camera = new OrthographicCamera(-1, 1, 1, -1, -10, 10);
  readonly distance = 1;
  private width = 1;
  private height = 1;
  private scale = 1; // pixels a unit of the map
  private x = 0;
  private y = 0;

  constructor(private readonly half: [number, number, number]) {}

  private get whole(): number {
    const wide = Math.max(2 * this.half[0], 0.02) * MARGIN;
    const high = Math.max(2 * this.half[1], 0.02) * MARGIN;
    return Math.min(this.width / wide, this.height / high);
  }

  get nearness(): number {
    return this.scale / this.whole;
  }

  resize(width: number, height: number): void {
    const nearness = this.nearness;
    this.width = width;
    this.height = height;
    this.scale = this.whole * (Number.isFinite(nearness) ? nearness : 1);
    this.update();
  }

  fit(): void {
    this.x = this.y = 0;
    this.scale = this.whole;
    this.update();
  }

  pan(dx: number, dy: number): void {
    this.lookAt(this.x - dx / this.scale, this.y + dy / this.scale, 0);
  }

  drag(dx: number, dy: number): void {
    this.pan(dx, dy);
  }

  zoom(factor: number, x: number, y: number): void {
    const scale = clamp(this.scale * factor, this.whole * 0.5, this.whole * 2000);
    const [right, up] = [x - this.width / 2, this.height / 2 - y];
    this.x += right / this.scale - right / scale;
    this.y += up / this.scale - up / scale;
    this.scale = scale;
    this.update();
  }

  lookAt(x: number, y: number, _z: number, nearness?: number): void {
    // Held to the map: whoever is lost in white cannot find the way back.
    this.x = clamp(x, -this.half[0] - 0.02, this.half[0] + 0.02);
    this.y = clamp(y, -this.half[1] - 0.02, this.half[1] + 0.02);
    if (nearness !== undefined) this.scale = this.whole * Math.max(nearness, this.nearness);
    this.update();
  }

  private update(): void {
    const { camera } = this;
    camera.right = this.width / 2 / this.scale;
    camera.left = -camera.right;
    camera.top = this.height / 2 / this.scale;
    camera.bottom = -camera.top;
    camera.position.set(this.x, this.y, 1);
    camera.updateProjectionMatrix();
  }
}

export class OrbitEye implements Eye {
  readonly camera = new PerspectiveCamera(40, 1, 0.001, 20);
  private width = 1;
  private height = 1;
  private readonly target = new Vector3();
  private readonly place = new Spherical(2, 1.15, 0.6);

  constructor(private readonly half: [number, number, number]) {}

  private get whole(): number {
    const radius = Math.max(Math.hypot(...this.half), 0.05);
    const narrow = Math.tan((this.camera.fov * Math.PI) / 360) * Math.min(1, this.width / this.height);
    return (radius / narrow) * 0.86;
  }

  get nearness(): number {
    return this.whole / this.place.radius;
  }

  get distance(): number {
    return this.place.radius;
  }

  resize(width: number, height: number): void {
    this.width = width;
    this.height = height;
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    this.update();
  }

  fit(): void {
    this.target.set(0, 0, 0);
    this.place.set(this.whole, 1.15, 0.6);
    this.update();
  }

  pan(dx: number, dy: number): void {
    const unit = this.unit;
    const right = new Vector3().setFromMatrixColumn(this.camera.matrix, 0);
    const up = new Vector3().setFromMatrixColumn(this.camera.matrix, 1);
    this.target.addScaledVector(right, -dx * unit).addScaledVector(up, dy * unit);
    this.hold();
  }

  drag(dx: number, dy: number): void {
    this.place.theta -= (dx / this.height) * Math.PI;
    this.place.phi = clamp(this.place.phi - (dy / this.height) * Math.PI, 0.02, Math.PI - 0.02);
    this.update();
  }

  zoom(factor: number, x: number, y: number): void {
    const radius = clamp(this.place.radius / factor, 0.02, this.whole * 2);
    const gain = 1 - radius / this.place.radius;
    const unit = this.unit;
    const right = new Vector3().setFromMatrixColumn(this.camera.matrix, 0);
    const up = new Vector3().setFromMatrixColumn(this.camera.matrix, 1);
    this.target.addScaledVector(right, (x - this.width / 2) * unit * gain);
    this.target.addScaledVector(up, (this.height / 2 - y) * unit * gain);
    this.place.radius = radius;
    this.hold();
  }

  lookAt(x: number, y: number, z: number, nearness?: number): void {
    this.target.set(x, y, z);
    if (nearness !== undefined) this.place.radius = this.whole / Math.max(nearness, this.nearness);
    this.update();
  }

  /** How much of the map a pixel is, at the depth that is looked at. */
  private get unit(): number {
    return (2 * this.place.radius * Math.tan((this.camera.fov * Math.PI) / 360)) / this.height;
  }

  private hold(): void {
    const [x, y, z] = this.half;
    this.target.clamp(new Vector3(-x, -y, -z), new Vector3(x, y, z));
    this.update();
  }

  private update(): void {
    this.camera.position.setFromSpherical(this.place).add(this.target);
    this.camera.lookAt(this.target);
    this.camera.updateMatrix();
  }
}
