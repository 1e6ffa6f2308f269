// The page's beginning: reads what it holds, says what is needed where that fails.
import { App } from "./app";
import { benchmark, type Measured } from "./benchmark";
import { readWalks } from "./payload";
import { showQuality } from "./quality";
import { byId, element, shown } from "./text";

declare global {
  interface Window {
    /** For tests and benchmarks. */
    __viewer?: { app: App; benchmark: (frames?: number) => Promise<Measured> };
  }
}

async function begin(): Promise<void> {
  const walks = await readWalks(byId("payload"));
  const { title, what, shape } = walks.header;
  byId("title").textContent = shown(title);
  byId("what").textContent = [what, ...shape].map(shown).join(" · ");
  document.body.classList.toggle("deep", walks.dims > 2);
  showQuality(walks);
  const app = new App(walks);
  byId("wait").remove();
  window.__viewer = { app, benchmark: (frames) => benchmark(app, frames) };
}

begin().catch((error: unknown) => {
  const old = typeof DecompressionStream === "undefined";
  const sentence = old
    ? "This page needs a browser of 2023 or later: Chrome or Edge 103, Firefox 113, Safari 16.4."
    : /webgl/i.test(String(error))
      ? "This page needs WebGL, which this browser has switched off. See about:support or chrome://gpu."
      : `This page could not be read (${String(error)}). Make it anew.`;
  byId("wait").replaceChildren(element("p", "", sentence));
});
