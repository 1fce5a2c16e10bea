import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, LineCounter, Node } from 'yaml';
import type { ProblemReport } from './problem-report.ts';
import type { Tree, TreeNode } from './tree.ts';

/** Nodes reached through aliases, all together; a nest of aliases (a "billion laughs") would have billions. */
const MAX_ALIASED_NODES = 100_000;

export interface AliasBudget {
  left: number;
}

export function aliasBudget(): AliasBudget {
  return { left: MAX_ALIASED_NODES };
}

export interface YamlPlaces {
  readonly lines: LineCounter;
  readonly report: ProblemReport;
  readonly budget: AliasBudget;
}

/** Reads the nodes of a parsed document: follows aliases within a budget, and tells where a node stands. */
export class YamlTree implements Tree {
  readonly #lines: LineCounter;
  readonly #report: ProblemReport;
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #budget: AliasBudget;

  /** Documents of one text share what aliases may cost. */
  constructor(document: Document, places: YamlPlaces) {
    this.#lines = places.lines;
    this.#report = places.report;
    this.#budget = places.budget;
    this.#targets = this.#resolveAliases(document);
  }

  read(node: unknown): TreeNode {
    const target = isAlias(node) ? this.#follow(node) : node;
    if (isMap(target)) return { kind: 'map', entries: target.items.map(({ key, value }) => [key, value]) };
    if (isSeq(target)) return { kind: 'list', items: target.items };
    if (!isScalar(target)) return { kind: 'scalar', value: null, source: '', isPlain: true };
    const source = target.source ?? String(target.value);
    return { kind: 'scalar', value: target.value, source, isPlain: target.type === 'PLAIN' };
  }

  place(node: unknown): string {
    const range = isNode(node) ? node.range : undefined;
    return range ? ` ${this.placeOf(range[0])}` : '';
  }

  placeOf(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `(${line}:${col})`;
  }

  #follow(alias: Alias): Node | undefined {
    const target = this.#targets.get(alias);
    if (this.#budget.left <= 0) return undefined;
    this.#budget.left -= 1 + sizeOf(target);
    if (this.#budget.left <= 0) this.#report.add(`*${alias.source}${this.place(alias)}`, TOO_MANY_ALIASES);
    return target;
  }

  /** An alias stands for the last anchor of its name before it (YAML 1.2.2, section 7.1). */
  #resolveAliases(document: Document): ReadonlyMap<Alias, Node> {
    const anchors = new Map<string, Node>();
    const targets = new Map<Alias, Node>();
    visit(document, {
      Alias: (_, alias) => {
        const target = anchors.get(alias.source);
        if (target === undefined)
          this.#report.add(`*${alias.source}${this.place(alias)}`, 'no such anchor before this');
        else targets.set(alias, target);
      },
      Value: (_, node) => {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
      },
    });
    return targets;
  }
}

const TOO_MANY_ALIASES = `aliases lead to more than ${MAX_ALIASED_NODES} values; write them out, or split the file`;

function sizeOf(node: Node | undefined): number {
  return isMap(node) || isSeq(node) ? node.items.length : 0;
}
