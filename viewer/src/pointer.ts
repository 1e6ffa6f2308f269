// Mouse, fingers and keys on the stage, told apart: moving, turning, zooming, pointing, clicking, lassoing.
import type { Eye } from "./eye";

const CLICK = 4; // pixels a click may wander
const KEY_STEP = 60;

export interface Hands {
  eye(): Eye;
  lassoing(): boolean;
  moved(): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  lasso(path: [number, number][], done: boolean): void;
}

export function listen(stage: HTMLElement, hands: Hands): void {
  const down = new Map<number, [number, number]>();
  let start: [number, number] = [0, 0];
  let doing: "" | "click" | "drag" | "pan" | "lasso" = "";
  let path: [number, number][] = [];
  const at = (event: MouseEvent): [number, number] => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest("#card")) return;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    start = at(event);
    path = [start];
    const lasso = event.button === 0 && (event.shiftKey || hands.lassoing());
    doing = down.size > 1 ? "drag" : lasso ? "lasso" : event.button === 0 ? "click" : "pan";
  });

  stage.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = down.get(event.pointerId);
    if (!before) {
      if (event.target instanceof Element && event.target.closest("#card.pinned")) return;
      hands.hover(...now);
      return;
    }
    if (doing === "click" && Math.hypot(now[0] - start[0], now[1] - start[1]) < CLICK) return;
    if (doing === "click") {
      doing = "drag";
      stage.classList.add("dragging");
      hands.leave();
    }
    const others = [...down].filter(([id]) => id !== event.pointerId);
    down.set(event.pointerId, now);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    const eye = hands.eye();
    if (doing === "lasso") {
      path.push(now);
      hands.lasso(path, false);
    } else if (others.length) {
      // Two fingers: what is between them stays between them.
      const [x, y] = others[0][1];
      eye.zoom(Math.hypot(now[0] - x, now[1] - y) / Math.max(1, Math.hypot(before[0] - x, before[1] - y)), x, y);
      eye.pan(dx / 2, dy / 2);
    } else if (doing === "pan") eye.pan(dx, dy);
    else eye.drag(dx, dy);
    hands.moved();
  });

  const up = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId)) return;
    stage.classList.remove("dragging");
    if (doing === "lasso") hands.lasso(path, true);
    else if (doing === "click" && event.type === "pointerup") hands.click(...at(event));
    if (!down.size) doing = "";
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", () => down.size || hands.leave());
  stage.addEventListener("contextmenu", (event) => event.preventDefault());

  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      // A trackpad's pinch comes as small wheel steps with Ctrl.
      const steps = Math.max(-120, Math.min(120, event.deltaY * lines)) * (event.ctrlKey ? 4 : 1);
      hands.eye().zoom(Math.exp(-steps / 400), ...at(event));
      hands.moved();
    },
    { passive: false },
  );

  stage.addEventListener("keydown", (event) => {
    const eye = hands.eye();
    const [x, y] = [stage.clientWidth / 2, stage.clientHeight / 2];
    const keys: Record<string, () => void> = {
      ArrowLeft: () => eye.drag(KEY_STEP, 0),
      ArrowRight: () => eye.drag(-KEY_STEP, 0),
      ArrowUp: () => eye.drag(0, KEY_STEP),
      ArrowDown: () => eye.drag(0, -KEY_STEP),
      "+": () => eye.zoom(1.4, x, y),
      "=": () => eye.zoom(1.4, x, y),
      "-": () => eye.zoom(1 / 1.4, x, y),
      "0": () => eye.fit(),
    };
    if (event.ctrlKey || event.metaKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
    hands.moved();
  });
}
