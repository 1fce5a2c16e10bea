import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readLimitRange,
  readQuantity,
  type ContainerLimits,
  type Quantities,
} from '../decision/container-limits.ts';
import { readPod } from '../pod/pod.ts';
import { podOf, TEMPLATE } from '../testing/admission.ts';
import { boundsOf, resourcesOf } from './resources.ts';

interface Stated {
  readonly requests: Quantities;
  readonly limits?: Quantities;
}

const number = (quantity: string | undefined): number => readQuantity(quantity ?? '') ?? Number.NaN;

/** What the admission plugin LimitRanger does after us: it fills in what is not stated, and then refuses what does not comply. */
function violations(stated: Stated, range: ContainerLimits): readonly string[] {
  const limits: Quantities = { ...range.default, ...stated.limits };
  return ['cpu', 'memory'].flatMap((name) => {
    const [request, limit] = [number(stated.requests[name]), number(limits[name])];
    const [min, max, ratio] = [range.min[name], range.max[name], range.maxLimitRequestRatio[name]];
    return [
      ...(min !== undefined && (request < number(min) || limit < number(min)) ? [`${name} below min`] : []),
      ...(max !== undefined && !(request <= number(max) && limit <= number(max))
        ? [`${name} above max`]
        : []),
      ...(ratio !== undefined && !(limit / request <= number(ratio) + 1e-6) ? [`${name} over ratio`] : []),
      ...(request > limit ? [`${name}: request above limit`] : []),
    ];
  });
}

describe('the resources of what is added', () => {
  it('comply with any LimitRange that an application can comply with', () => {
    const quantity = (): fc.Arbitrary<readonly [number, number, number]> =>
      fc
        .tuple(
          fc.integer({ min: 1, max: 900 }),
          fc.integer({ min: 0, max: 900 }),
          fc.integer({ min: 0, max: 900 }),
        )
        .map(([min, more, evenMore]) => [min, min + more, min + more + evenMore]);
    const isThere = fc.record({
      min: fc.boolean(),
      max: fc.boolean(),
      ratio: fc.boolean(),
      default: fc.boolean(),
    });
    fc.assert(
      fc.property(
        quantity(),
        quantity(),
        isThere,
        fc.integer({ min: 10, max: 50 }),
        (cpu, memory, there, tenths) => {
          const at = (index: number): Quantities => ({ cpu: `${cpu[index]}m`, memory: `${memory[index]}Mi` });
          const range: ContainerLimits = {
            min: there.min ? at(0) : {},
            // The API server fills the default in from the maximum.
            default: there.default || there.max ? at(there.default ? 1 : 2) : {},
            max: there.max ? at(2) : {},
            maxLimitRequestRatio: there.ratio ? { cpu: `${tenths / 10}`, memory: `${tenths / 10}` } : {},
          };
          const bounds = boundsOf(readPod(podOf()), [range]);
          expect(violations(resourcesOf(TEMPLATE.resources, bounds) as Stated, range)).toEqual([]);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('are as configured where nothing limits them', () => {
    expect(resourcesOf(TEMPLATE.resources, boundsOf(readPod(podOf()), []))).toEqual({
      requests: { cpu: '50m', memory: '96Mi' },
      limits: { memory: '256Mi' },
    });
  });

  it('state what every container of the pod states, for a quota may ask for it', () => {
    const resources = {
      limits: { cpu: '1', 'ephemeral-storage': '1Gi' },
      requests: { 'ephemeral-storage': '1Mi' },
    };
    const pod = podOf({ container: { resources } });
    expect(resourcesOf(TEMPLATE.resources, boundsOf(readPod(pod), []))).toEqual({
      requests: { cpu: '50m', memory: '96Mi', 'ephemeral-storage': '16Mi' },
      limits: { cpu: '1', memory: '256Mi', 'ephemeral-storage': '1Gi' },
    });
  });
});

describe('a LimitRange', () => {
  it('is read for what it says of containers', () => {
    const limits = [
      { type: 'Pod', max: { cpu: '1' } },
      { type: 'Container', min: { cpu: '10m', memory: 1024 } },
    ];
    expect(readLimitRange({ spec: { limits } })).toEqual([
      { min: { cpu: '10m', memory: '1024' }, max: {}, default: {}, maxLimitRequestRatio: {} },
    ]);
  });

  it.each([
    ['50m', 0.05],
    ['1', 1],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['64Mi', 67_108_864],
    ['1e3', 1000],
    ['2G', 2e9],
    ['100u', 1e-4],
    ['half', undefined],
    ['', undefined],
  ])('has quantities: %s', (text, expected) => {
    const found = readQuantity(text);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 9);
  });
});
