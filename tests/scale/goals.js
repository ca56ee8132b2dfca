// What the points of a subject are to reach, and what they fall short in.
'use strict';
const EFFICIENCY = { leaf: 0.9, mesh: 0.85 };
const GOODPUT = 0.9;
const SHARE_S = 5;
const FLAT = 1.5; // p99 below saturation, over that of the fewest replicas, and a slice of a share (quota.js) besides
const SLICE_MS = 20;

const efficiencyOf = (points, { replicas, most }) => most.answered / points[0].most.answered / (replicas / points[0].replicas);
const goodputOf = ({ most, beyond }) => beyond.answered / most.answered;

function shortOf(subject, { points, change }) {
  const wanted = EFFICIENCY[subject === 'mesh' ? 'mesh' : 'leaf'];
  const found = [];
  for (const point of points) {
    const { replicas, below } = point;
    const [efficiency, goodput] = [efficiencyOf(points, point), goodputOf(point)];
    if (efficiency < wanted) found.push(`efficiency ${efficiency.toFixed(2)} at ${replicas}`);
    if (goodput < GOODPUT) found.push(`goodput ${(100 * goodput).toFixed(0)} % at ${replicas}`);
    if (below.p99_ms > FLAT * points[0].below.p99_ms + SLICE_MS) found.push(`p99 ${below.p99_ms.toFixed(0)} ms at ${replicas}`);
  }
  if (change && (change.takes_load_s === null || change.takes_load_s > SHARE_S)) found.push(`one more had its share after ${change.takes_load_s ?? 'more than fifteen'} s`);
  if (change?.dropped) found.push(`${change.dropped} calls dropped`);
  return found;
}

module.exports = { efficiencyOf, goodputOf, shortOf };
