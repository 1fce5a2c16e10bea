import { createHash } from 'node:crypto';
import type { Endpoint } from './endpoint.ts';
import { PAGE } from './page.ts';

/** The page for browsers, `otherwise` for everybody else. */
export function getPage(otherwise: Endpoint): Endpoint {
  const csp = contentSecurityPolicy(PAGE);
  return (request) => {
    if (!request.wantsHtml) return otherwise(request);
    return { kind: 'text', contentType: 'text/html; charset=utf-8', body: PAGE, csp };
  };
}

/** The page may run its own script and style, by their hashes, and talk to this server; nothing else. */
function contentSecurityPolicy(html: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function hashesOf(html: string, tag: 'script' | 'style'): string {
  const blocks = html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'));
  return [...blocks]
    .map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
    .join(' ');
}
