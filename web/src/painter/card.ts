// The visitor's graphics card, as the browser tells of it.

import type { Card } from "./messages";
import { suspends } from "./pause";

/** What the page needs of WebGPU. */
interface Gpu {
  requestAdapter(options: { powerPreference: string }): Promise<{ info: Info; isFallbackAdapter?: boolean } | null>;
}
interface Info {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  isFallbackAdapter?: boolean;
}

/** Programs that play a card. Not every browser says of them that they are none. */
const PROGRAMS = /swiftshader|llvmpipe|software|basic render|warp\b/i;

/** Looks for a card, or says why there is none. The module asks for the same one. */
export async function look(): Promise<Card> {
  const none = (why: string): Card => ({ name: null, program: false, why });
  const { gpu } = navigator as { gpu?: Gpu };
  if (!gpu) return none("This browser shows no graphics card to a page (WebGPU).");
  if (!suspends) return none("This browser cannot wait for a graphics card within WebAssembly (JSPI).");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return none("This browser finds no graphics card that it can use.");
  const { info } = adapter;
  const name = named(info);
  const program = info.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  const all = [name, info.vendor, info.architecture, info.device].join(" ");
  return { name, program: program || PROGRAMS.test(all), why: null };
}

/** Browsers tell little, so that cards tell no visitors apart. */
export function named({ vendor, architecture, device, description }: Info): string {
  return description || [vendor, architecture, device].filter(Boolean).join(" ") || "a graphics card";
}

/** The browser with its version: rounding depends on it as on a driver. */
export const browser = (agent = navigator.userAgent): string =>
  (/(Edg|OPR|Firefox)\/[\d.]+/.exec(agent) ?? /(Chrome|Version)\/[\d.]+/.exec(agent))?.[0] ?? "a browser";
