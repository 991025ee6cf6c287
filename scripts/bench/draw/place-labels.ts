/** Moves labels that would lie on one another apart, up and down, as little as a greedy sweep can. */

export interface PlacedLabel {
  /** Left edge and baseline's middle, in pixels. */
  x: number;
  y: number;
  width: number;
}

/** Returns a y for each label, within [top, bottom], so that labels whose widths overlap are `gap` apart if there is room. */
export function placeLabels(
  labels: readonly PlacedLabel[],
  bounds: { top: number; bottom: number; gap: number },
): number[] {
  const { top, bottom, gap } = bounds;
  const order = labels.map((_, index) => index).toSorted((a, b) => labels[a]!.y - labels[b]!.y);
  const placed = labels.map(({ y }) => Math.min(Math.max(y, top), bottom));
  const at = (index: number): number => placed[index] ?? top;
  const meet = (a: PlacedLabel, b: PlacedLabel): boolean => a.x < b.x + b.width && b.x < a.x + a.width;
  // Down from the top, then up from the bottom: the second sweep brings back what the first pushed out below.
  for (const [position, index] of order.entries()) {
    for (const above of order.slice(0, position)) {
      if (meet(labels[index]!, labels[above]!)) placed[index] = Math.max(at(index), at(above) + gap);
    }
  }
  const upwards = order.toReversed();
  for (const [position, index] of upwards.entries()) {
    placed[index] = Math.min(at(index), bottom);
    for (const below of upwards.slice(0, position)) {
      if (meet(labels[index]!, labels[below]!)) placed[index] = Math.min(at(index), at(below) - gap);
    }
  }
  return placed;
}
