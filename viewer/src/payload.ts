// From the text in the page back to walks.
import { type Header, Walks } from "./walks";

/** The bytes of a script element that holds them as base64. */
export function bytesOf(element: Element): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(element.textContent ?? ""), (char) => char.charCodeAt(0));
}

export async function readWalks(element: Element): Promise<Walks> {
  const stream = new Blob([bytesOf(element)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  element.remove(); // megabytes of text that nobody reads again
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Header;
  const arrays: Record<string, Uint32Array> = {};
  let start = 4 + length;
  for (const [name, { width, size }] of Object.entries(header.arrays)) {
    const values = new Uint32Array(size);
    for (let plane = 0; plane < width; plane++, start += size)
      for (let i = 0; i < size; i++) values[i] += bytes[start + i] * 2 ** (8 * plane);
    arrays[name] = values;
  }
  return new Walks(header, arrays);
}
