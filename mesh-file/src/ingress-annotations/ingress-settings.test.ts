import { describe, expect, it } from 'vitest';
import { readIngressSettings } from './ingress-settings.ts';
import { ANNOTATION_PREFIXES, KNOWN_ANNOTATIONS } from './known-annotations.ts';

function read(annotations: Readonly<Record<string, string>>, prefix: string = ANNOTATION_PREFIXES[0]) {
  return readIngressSettings(
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [prefix + name, value])),
  );
}

function problemsOf(annotations: Readonly<Record<string, string>>): readonly string[] {
  return read(annotations).problems.map(({ annotation, message }) => `${annotation}: ${message}`);
}

describe('an annotation', () => {
  it.each(ANNOTATION_PREFIXES)('means the same under %s', (prefix) => {
    const { canary, problems } = read({ canary: 'true', 'canary-weight': '5' }, prefix);
    expect(canary).toEqual({ order: 10, weight: 5, weightTotal: 100 });
    expect(problems).toEqual([]);
  });

  it('under two prefixes counts by the first, and the other is told of', () => {
    const settings = readIngressSettings({
      'mse.ingress.kubernetes.io/upstream-vhost': 'b.example.com',
      'nginx.ingress.kubernetes.io/upstream-vhost': 'a.example.com',
    });
    expect(settings.backend.host).toBe('a.example.com');
    expect(settings.problems).toEqual([
      {
        annotation: 'mse.ingress.kubernetes.io/upstream-vhost',
        message: 'does not count, nginx.ingress.kubernetes.io/upstream-vhost is there',
      },
    ]);
  });

  it('that nobody knows is never passed over', () => {
    expect(problemsOf({ 'canary-wieght': '5' })).toEqual([
      'nginx.ingress.kubernetes.io/canary-wieght: is not known here and has no effect',
    ]);
  });

  it('of somebody else is nobody’s business here', () => {
    expect(readIngressSettings({ 'cert-manager.io/issuer': 'letsencrypt' }).problems).toEqual([]);
  });

  it.each(KNOWN_ANNOTATIONS.filter(({ outcome }) => outcome === 'refused'))(
    '$name, which has no effect, is told of with the reason',
    ({ name, note }) => {
      expect(problemsOf({ [name]: 'x' })).toEqual([
        `nginx.ingress.kubernetes.io/${name}: has no effect: ${note}`,
      ]);
    },
  );

  it('has one row in the table', () => {
    const names = KNOWN_ANNOTATIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('a canary', () => {
  it('is none without canary: "true"', () => {
    expect(read({ 'canary-weight': '5' }).canary).toBeUndefined();
    expect(read({ canary: 'false', 'canary-weight': '5' }).canary).toBeUndefined();
  });

  it('has a header with its value, which beats a pattern', () => {
    const header = { 'canary-by-header': 'X-Lane', 'canary-by-header-pattern': 'g.*' };
    expect(read({ canary: 'true', ...header, 'canary-by-header-value': 'gray' }).canary?.header).toEqual({
      name: 'x-lane',
      value: 'gray',
    });
    expect(read({ canary: 'true', ...header }).canary?.header).toEqual({
      name: 'x-lane',
      pattern: '(?s:.*)(?:g.*)(?s:.*)',
    });
  });

  it('honours a total above 100 only', () => {
    const of = (total: string) =>
      read({ canary: 'true', 'canary-weight': '70', 'canary-weight-total': total }).canary;
    expect(of('1000')).toMatchObject({ weight: 70, weightTotal: 1000 });
    expect(of('50')).toMatchObject({ weight: 70, weightTotal: 100 });
  });

  it('leaves out a condition whose pattern RE2 does not know, and says so', () => {
    const asked = { canary: 'true', 'canary-by-header': 'x-lane', 'canary-by-header-pattern': '(?!a)b' };
    expect(read(asked).canary?.header).toBeUndefined();
    expect(problemsOf(asked)).toEqual([
      expect.stringContaining('canary-by-header-pattern: is no regular expression'),
    ]);
  });

  it('tells of a value without its header', () => {
    expect(problemsOf({ canary: 'true', 'canary-by-header-value': 'gray' })).toEqual([
      'nginx.ingress.kubernetes.io/canary-by-header-value: has no effect without canary-by-header',
    ]);
  });
});

describe('other annotations', () => {
  it('give a cookie its name, age and kind', () => {
    const settings = read({
      ...{ affinity: 'cookie', 'affinity-mode': 'persistent', 'session-cookie-name': 'route' },
      ...{
        'session-cookie-max-age': '3600',
        'session-cookie-samesite': 'none',
        'session-cookie-secure': 'true',
      },
    });
    expect(settings.affinity).toEqual({
      ...{ cookie: 'route', mode: 'persistent', canary: 'sticky', maxAgeSeconds: 3600 },
      ...{ sameSite: 'None', secure: true },
    });
  });

  it('let only the networks in that they name; a list with a mistake lets nobody in', () => {
    expect(read({ 'whitelist-source-range': '10.0.0.0/8, 2001:db8::/32' }).access).toEqual({
      allow: ['10.0.0.0/8', '2001:db8::/32'],
    });
    expect(read({ 'whitelist-source-range': '10.0.0.0/8,10.0.0' }).access).toEqual({ allow: [] });
    expect(problemsOf({ 'denylist-source-range': 'everybody' })).toEqual([
      expect.stringContaining('expected networks such as 10.0.0.0/8, found everybody'),
    ]);
  });

  it.each([
    ['8m', 8 * 1024 * 1024],
    ['16k', 16 * 1024],
    ['1G', 1024 ** 3],
    ['100', 100],
    ['0', undefined],
  ])('bound bodies by %s', (text, bytes) => {
    expect(read({ 'proxy-body-size': text }).maxBodyBytes).toBe(bytes);
  });

  it('change headers as MSE writes them', () => {
    const { requestHeaders, problems } = read({
      'request-header-control-update': 'x-mse-tag gray\n"X-Note" "two words"',
      'request-header-control-remove': 'x-debug, x-trace',
      'request-header-control-add': 'nonsense',
    });
    expect(requestHeaders).toEqual({
      add: {},
      set: { 'x-mse-tag': 'gray', 'x-note': 'two words' },
      remove: ['x-debug', 'x-trace'],
    });
    expect(problems).toHaveLength(1);
  });

  it('name destinations with their shares', () => {
    const { destinations } = read({
      destination: '80% a.shop.svc.cluster.local:80\n20% a-gray.shop.svc.cluster.local',
    }).backend;
    expect(destinations).toEqual([
      { service: 'a', namespace: 'shop', port: 80, weight: 80 },
      { service: 'a-gray', namespace: 'shop', weight: 20 },
    ]);
  });

  it('take an empty service-subset for the baseline', () => {
    expect(read({ 'service-subset': '' }).backend.subset).toBe('base');
    expect(read({ 'service-subset': 'gray' }).backend.subset).toBe('gray');
    expect(read({}).backend.subset).toBeUndefined();
  });

  it('redirect to https where there is TLS, always or never', () => {
    expect(read({}).redirects.https).toBe('with-tls');
    expect(read({ 'force-ssl-redirect': 'true' }).redirects.https).toBe('always');
    expect(read({ 'ssl-redirect': 'false' }).redirects.https).toBe('never');
  });

  it('redirect all to one URL with the code that they say', () => {
    const redirect = { 'permanent-redirect': 'https://new.example.com/x', 'permanent-redirect-code': '308' };
    expect(read(redirect).redirects.all).toEqual({ status: 308, location: 'https://new.example.com/x' });
    expect(problemsOf({ 'permanent-redirect': 'javascript:alert(1)' })).toHaveLength(1);
  });
});
