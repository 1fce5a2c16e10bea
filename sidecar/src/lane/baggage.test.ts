import { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, propagation } from '@opentelemetry/api';
import { W3CBaggagePropagator } from '@opentelemetry/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAGGAGE_LIMITS, readBaggageMember, writeBaggageMember } from './baggage.ts';

const read = (header: string | undefined): readonly string[] => readBaggageMember(header, 'lane');
const write = (header: string | undefined, value: string | null): string | undefined =>
  writeBaggageMember(header, 'lane', value);

describe('readBaggageMember', () => {
  it.each([
    ['lane=gray', ['gray']],
    ['a=1,lane=gray,b=2', ['gray']],
    ['a=1, \tlane \t=\t gray ;p;q=1, b=2', ['gray']],
    ['lane=gray, lane=blue', ['gray', 'blue']],
    ['lane=a=b==', ['a=b==']],
    ['lane=', ['']],
    ['lane=gr%61y%20%C3%A9', ['gray é']],
    ['lane=%zz%61%ff%c3%a9%c3%e2%82%', ['%zza%ffé%c3%e2%82%']],
    [',,;=,=,lane,;lane=x,lane=gray,', ['gray']],
  ])('reads %j as %j', (header, values) => {
    expect(read(header)).toEqual(values);
  });

  it.each(['xlane=gray', 'lane-x=gray', 'a=lane=gray', 'a=1;lane=gray', 'Lane=gray', 'lane', 'a;lane=gray'])(
    'does not take %j for our member',
    (header) => {
      expect(read(header)).toEqual([]);
    },
  );

  it('takes a key for ours that OpenTelemetry would decode to ours', () => {
    expect(read('l%61ne=gray')).toEqual(['gray']);
    expect(write('l%61ne=gray,a=1', null)).toBe('a=1');
  });

  it('shares one empty answer for fields without our key', () => {
    expect(read('a=1,b=2')).toBe(read(undefined));
  });
});

describe('writeBaggageMember', () => {
  it.each([
    [undefined, 'gray', 'lane=gray'],
    ['', 'gray', 'lane=gray'],
    ['a=1;p , b = 2', 'gray', 'a=1;p , b = 2,lane=gray'],
    ['a=1 , lane=blue;p=1 ,b=2', 'gray', 'a=1 , lane=gray ,b=2'],
    ['lane=blue, a=1, lane=gray, lane=red', 'gray', 'lane=gray, a=1'],
    ['lane=gray;p=1,a=1,lane=blue', 'gray', 'lane=gray;p=1,a=1'],
    ['a,,=;b,lane=blue', 'gray', 'a,,=;b,lane=gray'],
    ['a=1', 'é ,;', 'a=1,lane=%C3%A9%20%2C%3B'],
    ['lane=gray', null, undefined],
    ['lane=gray, ,', null, undefined],
    ['lane=gray, a=1 , b=2', null, 'a=1 , b=2'],
    ['a=1 , lane=gray', null, 'a=1'],
    ['a=1 , lane=gray;p , b=2', null, 'a=1 , b=2'],
    ['xlane=1,lane=gray,lane-x=2', null, 'xlane=1,lane-x=2'],
  ])('turns %j with %j into %j', (header, value, expected) => {
    expect(write(header, value)).toBe(expected);
  });

  it.each([
    ['a=1, lane = gr%61y ;p=1', 'gray'],
    ['lane=gray,lane=gray', 'gray'],
    [' a=1 ,', null],
    [undefined, null],
  ])('leaves %j alone when %j is what it says', (header, value) => {
    expect(write(header, value)).toBe(header);
  });

  it('puts our member in front when it would be the 65th, so that no receiver truncates it', () => {
    const foreign = Array.from({ length: BAGGAGE_LIMITS.members }, (_, place) => `k${place}=v`);
    const full = foreign.join(',');
    expect(write(foreign.slice(1).join(','), 'gray')).toBe(`${foreign.slice(1).join(',')},lane=gray`);
    expect(write(full, 'gray')).toBe(`lane=gray,${full}`);
    expect(write(`${full},lane=blue`, 'gray')).toBe(`lane=gray,${full}`);
  });

  it('puts our member in front when it would end beyond 8,192 bytes', () => {
    const fits = `a=${'x'.repeat(BAGGAGE_LIMITS.bytes - 'a=,lane=gray'.length)}`;
    expect(write(fits, 'gray')).toBe(`${fits},lane=gray`);
    expect(write(`${fits}x`, 'gray')).toBe(`lane=gray,${fits}x`);
    const extracted = new W3CBaggagePropagator().extract(
      ROOT_CONTEXT,
      { baggage: write(`a=1,${`${fits}x`.slice(0, 4_000)},b=${fits}`, 'gray') },
      defaultTextMapGetter,
    );
    expect(propagation.getBaggage(extracted)?.getEntry('lane')?.value).toBe('gray');
  });
});

const ows = fc.stringMatching(/^[ \t]{0,2}$/);
const token = fc.stringMatching(/^[a-z!#$&'*+.^_`|~-]{1,6}$/);
const octets = fc.stringMatching(/^[!#-+\--:<-Z^-~]{0,8}$/).map((text) => text.replaceAll('%', '%25'));
const property = fc.tuple(ows, token, ows).map((parts) => parts.join(''));
const foreignMember = fc
  .tuple(ows, token, ows, octets, fc.array(property, { maxLength: 2 }), ows)
  .filter(([, key]) => key !== 'lane')
  .map(([lead, key, space, value, properties, tail]) =>
    [`${lead}${key}${space}=${value}`, ...properties].join(';').concat(tail),
  );
const laneMember = fc
  .tuple(ows, fc.constantFrom('gray', 'blue', ''), fc.constantFrom('', ';p=1'), ows)
  .map(([lead, value, properties, tail]) => `${lead}lane=${value}${properties}${tail}`);
const junk = fc.string({ unit: 'binary-ascii', maxLength: 8 }).filter((text) => !/[,%]/.test(text));
const isOurs = (member: string): boolean => member.split(/[=]/)[0]?.trim() === 'lane' && member.includes('=');
const header = fc.array(fc.oneof(foreignMember, laneMember, junk), { maxLength: 8 }).map((m) => m.join(','));
const foreignOf = (field: string | undefined): string[] =>
  (field ?? '').split(',').filter((member) => !isOurs(member));

const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const hostileField = fc
  .array(fc.oneof(anyText, laneMember, fc.constantFrom(',', ';', '=', '%', 'lane', '%6cane=')), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

describe('baggage, over generated fields', () => {
  it('never throws, whatever the bytes, lone surrogates included', () => {
    fc.assert(
      fc.property(hostileField, anyText, (field, value) => {
        read(field);
        write(field, null);
        expect(new Set(read(write(field, value))).size).toBe(1);
      }),
      { numRuns: 5_000 },
    );
  });

  it('reads back what it wrote, whatever the field and the value', () => {
    const anyField = fc.option(fc.oneof(header, fc.string({ unit: 'binary' })), { nil: undefined });
    fc.assert(
      fc.property(anyField, fc.string({ unit: 'grapheme', maxLength: 20 }), (field, value) => {
        const written = write(field, value);
        expect(read(written)).toContain(value);
        expect(new Set(read(written)).size).toBe(1);
        expect(write(written, value)).toBe(written);
        expect(read(write(written, null))).toEqual([]);
      }),
      { numRuns: 5_000 },
    );
  });

  it('keeps the bytes and order of everything foreign, inner whitespace included', () => {
    fc.assert(
      fc.property(header, fc.option(fc.constantFrom('gray', 'blue'), { nil: null }), (field, value) => {
        const written = write(field, value);
        const before = foreignOf(field);
        const after = foreignOf(written);
        if (before.every((member) => member.trim() === '')) return;
        expect(after.join(',').trim()).toBe(before.join(',').trim());
      }),
      { numRuns: 5_000 },
    );
  });

  it('means the same members to OpenTelemetry as before, but for ours', () => {
    const propagator = new W3CBaggagePropagator();
    const parse = (field: string | undefined): Map<string, string> => {
      const context = propagator.extract(ROOT_CONTEXT, { baggage: field }, defaultTextMapGetter);
      const entries = propagation.getBaggage(context)?.getAllEntries() ?? [];
      return new Map(entries.map(([key, { value }]) => [key, value]));
    };
    const wellFormed = fc.array(fc.oneof(foreignMember, laneMember), { maxLength: 8 });
    fc.assert(
      fc.property(wellFormed, fc.constantFrom('gray', 'blue', 'gréen, 1;'), (members, value) => {
        const field = members.join(',');
        expect(parse(write(field, value))).toEqual(parse(field).set('lane', value));
      }),
      { numRuns: 3_000 },
    );
  });

  it('reads what OpenTelemetry writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), octets, (value, other) => {
        const baggage = propagation.createBaggage({ other: { value: other }, lane: { value } });
        const carrier: Record<string, string> = {};
        const context = propagation.setBaggage(ROOT_CONTEXT, baggage);
        new W3CBaggagePropagator().inject(context, carrier, defaultTextMapSetter);
        expect(read(carrier.baggage)).toEqual([value]);
      }),
      { numRuns: 3_000 },
    );
  });
});
