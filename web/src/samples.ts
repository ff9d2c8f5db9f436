// The pictures that the page offers: our own drawings, and pictures in the public domain or under CC0 (the list of
// sources is docs/pictures/sources.md).

import type { Place } from "./painter/messages";

export interface Sample {
  id: string;
  /** The subject; the credit says whose picture it is. */
  title: string;
  credit: string;
  url: string;
  thumb: string;
}

const FILES = import.meta.glob<string>(
  ["../../docs/pictures/*.jpg", "!../../docs/pictures/galaxies.jpg", "../../samples/*.jpg"],
  { eager: true, query: "?url", import: "default" },
);
const THUMBS = import.meta.glob<string>("./thumbs/*.jpg", { eager: true, query: "?url", import: "default" });

function sample(id: string, title: string, credit: string): Sample {
  const url = FILES[`../../docs/pictures/${id}.jpg`] ?? FILES[`../../samples/${id}.jpg`];
  return { id, title, credit, url, thumb: THUMBS[`./thumbs/${id}.jpg`] };
}

export const SAMPLES: Record<Place, Sample[]> = {
  content: [
    sample("harbour", "A harbour", "drawn by this project"),
    sample("cat", "Chelsea the cat", "photograph by Stéfan van der Walt, CC0"),
    sample("astronaut", "Eileen Collins, astronaut", "NASA, public domain"),
    sample("coffee", "A cup of espresso", "photograph by Rachel Michetti, CC0"),
    sample("rocket", "A Falcon 9 before its launch", "photograph by SpaceX, CC0"),
  ],
  style: [
    sample("starry-night", "The Starry Night", "Vincent van Gogh, 1889"),
    sample("wave", "Under the Wave off Kanagawa", "Katsushika Hokusai, 1831"),
    sample("scream", "The Scream", "Edvard Munch, 1893"),
    sample("wheat-field", "Wheat Field with Cypresses", "Vincent van Gogh, 1889"),
    sample("shipwreck", "The Wreck of a Transport Ship", "J. M. W. Turner, about 1810"),
    sample("swirls", "Swirls", "drawn by this project"),
    sample("mosaic", "A mosaic", "drawn by this project"),
    sample("woodcut", "A woodcut", "drawn by this project"),
    sample("cutouts", "Paper cut-outs", "drawn by this project"),
    sample("dots", "Dots", "drawn by this project"),
  ],
};
