import { describe, expect, it } from 'vitest';
import { isServiceName, parseServiceRef } from './service-name.ts';

describe('the name of a service', () => {
  it.each([
    'b',
    'sc-A',
    'com.example.Orders',
    'ORDERS@@order',
    'providers:com.example.Orders:1.0:',
    '订单',
    'Заказ',
    'commande·été',
    '🛒',
    '<b>"x"<b>',
    '__proto__',
    'x'.repeat(253),
  ])('may be %s', (name) => {
    expect(isServiceName(name)).toBe(true);
    expect(parseServiceRef(`shop/${name}`)).toEqual({ name, namespace: 'shop' });
  });

  it.each([
    ['nothing', ''],
    ['too long', 'x'.repeat(254)],
    ['parted', 'a/b'],
    ['of two words', 'a b'],
    ['of two lines', 'a\nb'],
    ['ended by a carriage return', 'a\r'],
    ['tabbed', 'a\tb'],
    ['coloured', '\u001B[31ma'],
    ['ended by a null', 'a\0'],
    ['spaced invisibly', 'a\u200Bb'],
    ['spaced widely', 'a\u3000b'],
    ['turned around', '\u202Egnp.exe'],
    ['of two lines in Unicode', 'a\u2028b'],
    ['half a character', 'a\uD83D'],
  ])('is never %s', (_, name) => {
    expect(isServiceName(name)).toBe(false);
  });

  it('has a namespace before it that is far narrower', () => {
    expect(parseServiceRef('订单/b')).toBeUndefined();
    expect(parseServiceRef('a/b/c')).toBeUndefined();
    expect(parseServiceRef('shop/ORDERS@@order')).toEqual({ name: 'ORDERS@@order', namespace: 'shop' });
  });
});
