// What paints runs: the reader's choice, the card that the browser shows, and what painted last.

import { keep, kept } from "../../../studio/src/lib/kept";
import type { Card, Device } from "../painter/messages";

const NAME = "device";
const DEVICES = ["auto", "cpu", "gpu"];

const isDevice = (word: string | null): word is Device => DEVICES.includes(word ?? "");

/** The device that the address of the page asks for: `?device=gpu`. */
export function asked(search: string): Device | null {
  const word = new URLSearchParams(search).get("device");
  return isDevice(word) ? word : null;
}

/** The choice that this browser keeps. */
function keptDevice(): Device {
  const word = kept(NAME);
  return isDevice(word) ? word : "auto";
}

export class Painting {
  choice = $state<Device>("auto");
  card = $state.raw<Card | null>(null);
  /** What painted the last run, and why it was not the card. */
  last = $state.raw<{ card: boolean; why: string | null } | null>(null);
  /** A program that plays a card is taken if the address names a device: for tests. */
  readonly programs: boolean;

  constructor(search: string) {
    const word = asked(search);
    this.programs = word !== null;
    this.choice = word ?? keptDevice();
  }

  /** Whether the reader has a choice. */
  get possible(): boolean {
    return Boolean(this.card?.name) && (this.programs || !this.card!.program);
  }

  choose(device: Device) {
    [this.choice, this.last] = [device, null];
    keep(NAME, device);
  }

  /** Why the processor paints where there is no choice. */
  get why(): string {
    if (!this.card) return "";
    return this.card.why ?? `The browser shows a program that plays a graphics card (${this.card.name}).`;
  }

  /** Whether the next run is expected on the card. */
  get expected(): boolean {
    return this.possible && (this.choice === "gpu" || (this.choice === "auto" && this.last?.card === true));
  }
}
