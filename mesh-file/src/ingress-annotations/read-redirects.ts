import type { EdgeRedirect } from '@lanekeeper/protocol/edge';
import type { AnnotationReader } from './annotation-reader.ts';

export interface RedirectSettings {
  /** To https: only where TLS is configured (`with-tls`), always, or never. */
  readonly https: 'with-tls' | 'always' | 'never';
  /** Where all requests of the Ingress are sent, whatever they ask for. */
  readonly all?: EdgeRedirect;
  /** Path that `/` is sent to. */
  readonly appRoot?: string;
  /** Between `example.com` and `www.example.com`, to the one that the Ingress has. */
  readonly fromToWww: boolean;
}

const CODES = [301, 302, 303, 307, 308] as const;

export function readRedirects(annotations: AnnotationReader): RedirectSettings {
  const all =
    readRedirect(annotations, 'permanent-redirect', 301) ??
    readRedirect(annotations, 'temporal-redirect', 302);
  const appRoot = annotations.text('app-root');
  if (appRoot !== undefined && !appRoot.startsWith('/'))
    annotations.problem('app-root', 'expected a path that begins with /');
  return {
    https: httpsRedirect(annotations),
    fromToWww: annotations.flag('from-to-www-redirect') ?? false,
    ...(all === undefined ? {} : { all }),
    ...(appRoot?.startsWith('/') === true ? { appRoot } : {}),
  };
}

function httpsRedirect(annotations: AnnotationReader): RedirectSettings['https'] {
  if (annotations.flag('force-ssl-redirect') === true) return 'always';
  return annotations.flag('ssl-redirect') === false ? 'never' : 'with-tls';
}

function readRedirect(
  annotations: AnnotationReader,
  name: string,
  normal: EdgeRedirect['status'],
): EdgeRedirect | undefined {
  const text = annotations.text(name);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return annotations.problem(name, `expected a URL of http or https, found ${text}`);
  }
  return { status: redirectCode(annotations, `${name}-code`) ?? normal, location: url.href };
}

function redirectCode(annotations: AnnotationReader, name: string): EdgeRedirect['status'] | undefined {
  const number = annotations.integer(name, 300, 399);
  if (number === undefined) return undefined;
  return (
    CODES.find((code) => code === number) ??
    annotations.problem(name, `expected ${CODES.join(', ')}, found ${number}`)
  );
}
