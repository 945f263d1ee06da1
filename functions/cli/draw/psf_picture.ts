/** A PSF as a picture: from above and from the side, true to its voxels, bright parts and faint parts. */
import { copyBox } from "shared/volume/copy_box.ts";
import { type Box, type Vec3, voxelCount } from "shared/volume/geometry.ts";
import { centreVoxel, type PsfVolume } from "shared/psf/psf_volume.ts";
import { inferno } from "./inferno.ts";
import { type Color, type Grey, PngCanvas } from "./png_canvas.ts";

const PAPER: Color = [16, 16, 20];
const INK: Color = [236, 236, 240];
const FAINT: Color = [150, 150, 160];
const GAP = 14;
const HEADING = 40;
const CAPTION = 26;
/** Width that a panel is enlarged to at least, pixels. */
const PANEL = 320;

/** Exponents of the two columns: as it is, and with the faint light lifted. */
const GAMMAS = [1, 0.3] as const;

/** Draws the planes through the centre voxel: xy above, xz below; linear on the left, with gamma 0.3 on the right. */
export function drawPsf({ shape, values }: PsfVolume, voxelMicrometre: Vec3 | undefined): PngCanvas {
  const [, sizeY, sizeX] = voxelMicrometre ?? [1, 1, 1];
  const zoom = Math.max(1, Math.ceil(PANEL / shape[2]));
  const tall = { z: (voxelMicrometre?.[0] || sizeX) / sizeX, y: sizeY / sizeX };
  const centre = centreVoxel(shape);
  const panels = [
    { name: "xy", plane: planeOf({ start: [centre[0], 0, 0], shape: [1, shape[1], shape[2]] }), tall: tall.y },
    { name: "xz", plane: planeOf({ start: [0, centre[1], 0], shape: [shape[0], 1, shape[2]] }), tall: tall.z },
  ].slice(0, shape[0] > 1 ? 2 : 1);
  const most = values.reduce((peak, value) => Math.max(peak, value), 0);
  const width = shape[2] * zoom;
  const heights = panels.map((panel) => Math.round(panel.plane.height * zoom * panel.tall));
  const canvas = new PngCanvas(
    GAP + GAMMAS.length * (width + GAP),
    HEADING + heights.reduce((sum, height) => sum + height + CAPTION, 0),
    PAPER,
  );
  canvas.text({ left: GAP, top: GAP }, heading(shape, voxelMicrometre), { color: INK });
  GAMMAS.forEach((gamma, column) => {
    let top = HEADING;
    panels.forEach((panel, row) => {
      const left = GAP + column * (width + GAP);
      canvas.picture({ left, top }, enlarged(panel.plane, { width, height: heights[row]!, gamma, most }), inferno);
      const caption = `${panel.name}, ${gamma === 1 ? "linear" : `gamma ${gamma}`}`;
      canvas.text({ left, top: top + heights[row]! + 5 }, caption, { color: FAINT });
      top += heights[row]! + CAPTION;
    });
  });
  return canvas;

  function planeOf(box: Box): Grey {
    const plane = new Float32Array(voxelCount(box.shape));
    copyBox({ box: { start: [0, 0, 0], shape }, values }, { box, values: plane });
    return { width: shape[2], height: plane.length / shape[2], values: plane };
  }
}

function heading(shape: Vec3, voxel: Vec3 | undefined): string {
  const size = voxel === undefined ? "" : `, ${voxel.map((side) => Number(side.toPrecision(4))).join(" x ")} µm`;
  return `${shape.join(" x ")}${size}`;
}

interface Enlargement {
  readonly width: number;
  readonly height: number;
  readonly gamma: number;
  readonly most: number;
}

/** Voxels as rectangles, so that what is sampled and what is not can be seen. */
function enlarged(plane: Grey, { width, height, gamma, most }: Enlargement): Grey {
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y * plane.height / height) * plane.width;
    for (let x = 0; x < width; x++) {
      const value = plane.values[row + Math.floor(x * plane.width / width)]!;
      values[y * width + x] = most === 0 ? 0 : Math.max(0, value / most) ** gamma;
    }
  }
  return { width, height, values };
}
