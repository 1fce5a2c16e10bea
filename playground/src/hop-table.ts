import { styleText } from 'node:util';
import type { Hop, HopEndpoint } from '@lanekeeper/protocol/hop';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { WORKLOADS } from './layout.ts';
import type { PlacedHop } from './gather-hops.ts';

type Colour = 'green' | 'gray' | 'yellow' | 'magenta' | 'bold';

interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

const HEADINGS = ['AT', 'DIRECTION', 'LANE', 'EVIDENCE', 'CANDIDATES', 'SENT TO', 'REASON'];

function lane(name: string): Cell {
  return name === BASELINE ? { text: name, colour: 'green' } : { text: name, colour: 'magenta' };
}

/** Where the sidecar sent it; an inbound side hands it to the application beside it. */
function target({ direction, endpoint }: Hop): string {
  if (endpoint === null) return 'nobody';
  if (direction === 'inbound') return 'its application';
  return `${nameOf(endpoint)} (${endpoint.lane})`;
}

/** A registry knows no pods; on loopback each workload has an address of its own. */
function nameOf({ address, pod }: HopEndpoint): string {
  return pod ?? WORKLOADS.find((one) => address.startsWith(`${one.address}:`))?.title ?? address;
}

/** `rule gray#0`, `trace: traceparent`: the rung, and where it was found unless that says the rung already. */
function evidence({ rung, detail }: Hop['evidence']): string {
  return detail.startsWith(`${rung} `) ? detail : `${rung}: ${detail}`;
}

/** A stable code as words: `no healthy endpoint`. */
function words(code: string): string {
  return code.replaceAll('-', ' ');
}

/** What became of the instance that the client chose by itself, where it did. */
function choice({ chosen, endpoint }: Hop): string {
  if (chosen === undefined) return '';
  return chosen.address === endpoint?.address
    ? ', as the client chose'
    : `; the client chose ${nameOf(chosen)} (${chosen.lane})`;
}

/** Why it went there, in a few words; the evidence stands in a column of its own. */
function reason(hop: Hop): Cell {
  const { error, why, fallback, dropped } = hop;
  if (error !== null) return { text: why, colour: 'yellow' };
  if (fallback === null) return { text: `in its lane${choice(hop)}` };
  const lost = dropped.map((one) => `${one.endpoint} ${words(one.reason)}`).join(', ');
  const text = `${fallback.from} -> ${fallback.to}: ${words(fallback.reason)}${lost === '' ? '' : ` (${lost})`}`;
  return { text: `${text}${choice(hop)}`, colour: 'yellow' };
}

function cells({ at, hop }: PlacedHop): readonly Cell[] {
  const candidates = Object.entries(hop.candidates).map(([name, count]) => `${name} ${count}`);
  return [
    { text: at },
    { text: hop.direction === 'gateway' ? 'edge' : hop.direction },
    lane(hop.lane),
    { text: evidence(hop.evidence) },
    { text: candidates.join(', ') || '-' },
    { text: target(hop) },
    reason(hop),
  ];
}

/** The hops as an aligned table, one line each; coloured only where asked. */
export function hopTable(hops: readonly PlacedHop[], isColoured: boolean): string {
  const headings = HEADINGS.map((text): Cell => ({ text, colour: 'bold' }));
  const rows = [headings, ...hops.map(cells)];
  const widths = HEADINGS.map((_heading, column) =>
    Math.max(...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  const paint = ({ text, colour }: Cell, width: number): string => {
    const padding = ' '.repeat(Math.max(0, width - text.length));
    return `${isColoured && colour !== undefined ? styleText(colour, text, { validateStream: false }) : text}${padding}`;
  };
  return rows
    .map((row) =>
      row
        .map((cell, column) => paint(cell, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
