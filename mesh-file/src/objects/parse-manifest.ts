import type { ConfigProblem } from '@lanekeeper/runtime/env';
import { parseAllDocuments } from 'yaml';
import { MAX_DOCUMENT_BYTES } from '../decode-document.ts';

export type ParsedManifest =
  { readonly documents: readonly unknown[] } | { readonly problems: readonly ConfigProblem[] };

/** The documents of a manifest as plain JSON, the empty ones apart; for whoever only reads what stands there. Never throws. */
export function parseManifest(text: string): ParsedManifest {
  if (text.length > MAX_DOCUMENT_BYTES) {
    const message = `expected at most ${MAX_DOCUMENT_BYTES} characters, found ${text.length}`;
    return { problems: [{ path: 'document', message }] };
  }
  const parsed = [...parseAllDocuments(text)];
  const problems = parsed
    .flatMap(({ errors }) => errors)
    .map(({ message, linePos }): ConfigProblem => {
      const at = linePos?.[0];
      return {
        path: at === undefined ? 'document' : `document (${at.line}:${at.col})`,
        message: firstLine(message),
      };
    });
  if (problems.length > 0) return { problems };
  try {
    const documents: unknown[] = parsed.map((document) => document.toJS());
    return { documents: documents.filter((document) => document !== null && document !== undefined) };
  } catch (error) {
    // Aliases that would become too much.
    return {
      problems: [{ path: 'document', message: error instanceof Error ? error.message : String(error) }],
    };
  }
}

/** The rest shows the place, which is in the path. */
function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}
