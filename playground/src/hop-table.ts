import { styleText } from 'node:util';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
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

function cells({ at, hop }: PlacedHop): readonly Cell[] {
  const candidates = Object.entries(hop.candidates).map(([name, count]) => `${name} ${count}`);
  const { endpoint } = hop;
  const target = endpoint === null ? 'nobody' : `${endpoint.pod ?? endpoint.address} (${endpoint.lane})`;
  return [
    { text: at },
    { text: hop.direction === 'gateway' ? 'edge' : hop.direction },
    lane(hop.lane),
    { text: `${hop.evidence.rung}: ${hop.evidence.detail}` },
    { text: candidates.join(', ') || '-' },
    { text: target },
    hop.fallback === null ? { text: hop.why } : { text: hop.why, colour: 'yellow' },
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
