import type { HeaderChange } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

const NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** MSE's: one `name value` a line, quotes around a part with spaces; names to remove in a comma list. */
export function readHeaderControl(
  annotations: AnnotationReader,
  side: 'request' | 'response',
): HeaderChange | undefined {
  const add = pairs(annotations, `${side}-header-control-add`);
  const set = pairs(annotations, `${side}-header-control-update`);
  const remove = names(annotations, `${side}-header-control-remove`);
  if (Object.keys(add).length + Object.keys(set).length + remove.length === 0) return undefined;
  return { add, set, remove };
}

function pairs(annotations: AnnotationReader, name: string): Record<string, string> {
  const lines = (annotations.text(name) ?? '').split('\n').map((line) => line.trim());
  const found = lines.filter((line) => line !== '').flatMap((line) => pair(annotations, name, line));
  return Object.fromEntries(found);
}

function pair(
  annotations: AnnotationReader,
  annotation: string,
  line: string,
): readonly (readonly [name: string, value: string])[] {
  const [, first = '', rest = ''] = /^("[^"]*"|\S+)\s+(.*)$/.exec(line) ?? [];
  const [name, value] = [unquoted(first), unquoted(rest.trim())];
  if (NAME.test(name) && VALUE.test(value)) return [[name.toLowerCase(), value]];
  annotations.problem(annotation, `expected a name and a value on each line, found ${line}`);
  return [];
}

function names(annotations: AnnotationReader, annotation: string): readonly string[] {
  const items = (annotations.text(annotation) ?? '').split(/[,\n]/).map((item) => unquoted(item.trim()));
  const some = items.filter((item) => item !== '');
  const wrong = some.filter((item) => !NAME.test(item));
  if (wrong.length > 0)
    annotations.problem(annotation, `expected names of headers, found ${wrong.join(', ')}`);
  return some.filter((item) => NAME.test(item)).map((item) => item.toLowerCase());
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
