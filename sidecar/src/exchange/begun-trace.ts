import { randomId } from './random-id.ts';
import type { RequestSpan } from './spans.ts';

const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/** A trace that begins here and of which nothing is recorded here: what comes next hears of it, and whether it is sampled. */
export function beginTrace(isSampled: boolean): RequestSpan {
  const traceId = randomId(TRACE_BYTES);
  const parent = `00-${traceId}-${randomId(SPAN_BYTES)}-${isSampled ? '01' : '00'}`;
  return {
    traceId,
    isRoot: true,
    edits: [
      { name: 'traceparent', value: parent },
      // W3C Trace Context, section 3.3.1: no state without the trace that it is of.
      { name: 'tracestate', value: null },
    ],
    end: () => undefined,
  };
}
