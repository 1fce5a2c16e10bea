import type { Log, LogFields } from '../log.ts';

export interface RecordingLog extends Log {
  readonly events: readonly { readonly event: string; readonly fields: LogFields }[];
}

export function createRecordingLog(): RecordingLog {
  const events: { event: string; fields: LogFields }[] = [];
  const record = (fields: LogFields, event: string): void => void events.push({ event, fields });
  return { events, debug: record, info: record, warn: record, error: record };
}
