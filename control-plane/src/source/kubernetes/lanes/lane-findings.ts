import type { DeclaredObject } from './declared-object.ts';
import type { Declarations } from './declarations.ts';

/** What of the declared objects is not in force, as sentences that name the object. */
export function findingsOf(declarations: Declarations): readonly string[] {
  const { verdicts } = declarations.assemble();
  return [...declarations.values()]
    .flatMap((declared) => {
      const object = declared.inForce?.object;
      const verdict = object === undefined ? undefined : verdicts.get(object);
      const problems = [...declared.problems, ...(verdict?.problems ?? [])];
      return problems.map(
        ({ path, message }) => `${nameOf(declared)}: ${path === '' ? '' : `${path}: `}${message}`,
      );
    })
    .sort();
}

function nameOf({ document }: DeclaredObject): string {
  const { name, namespace } = document.metadata;
  return `${document.kind} ${namespace}/${name}`;
}
