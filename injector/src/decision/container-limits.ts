import { isObject, objectAt, objectsAt, ownText, type JsonObject } from '../pod/json.ts';

/** Quantities by resource (`cpu`, `memory`, …) as Kubernetes writes them. */
export type Quantities = Readonly<Record<string, string>>;

/** What a LimitRange asks of each container; a pod with one that does not comply is refused. */
export interface ContainerLimits {
  readonly min: Quantities;
  readonly max: Quantities;
  /** Limits of containers that state none. */
  readonly default: Quantities;
  /** How many times its request a limit may be. */
  readonly maxLimitRequestRatio: Quantities;
}

/** The items of a LimitRange that speak of containers. Throws ShapeError. */
export function readLimitRange(object: JsonObject): readonly ContainerLimits[] {
  const { limits } = objectAt(object['spec'], 'spec');
  return objectsAt(limits, 'spec.limits')
    .filter((item) => ownText(item, 'type') === 'Container')
    .map((item) => ({
      min: quantitiesOf(item['min']),
      max: quantitiesOf(item['max']),
      default: quantitiesOf(item['default']),
      maxLimitRequestRatio: quantitiesOf(item['maxLimitRequestRatio']),
    }));
}

function quantitiesOf(value: unknown): Quantities {
  const entries = Object.entries(isObject(value) ? value : {}).flatMap(([key, quantity]) =>
    typeof quantity === 'string' || typeof quantity === 'number' ? [[key, String(quantity)] as const] : [],
  );
  return Object.fromEntries(entries);
}

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `50m` is 0.05, `64Mi` is 67108864, `1e3` is 1000; undefined: no quantity. */
export function readQuantity(text: string): number | undefined {
  const match = /^([+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.)(?:[eE]([+-]?[0-9]{1,2})|([numkMGTPE]i?)?)$/.exec(
    text.trim(),
  );
  const factor = FACTORS[match?.[3] ?? ''];
  if (match === null || factor === undefined) return undefined;
  return Number(match[1]) * factor * 10 ** Number(match[2] ?? 0);
}
