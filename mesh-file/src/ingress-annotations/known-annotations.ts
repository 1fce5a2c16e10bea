/** What becomes of an annotation of ingress-nginx (and of ALB and MSE, which took its names over). */
export interface KnownAnnotation {
  readonly name: string;
  /**
   * `done`: does what it does there. `mapped`: something near it is done; `note` says what. `needless`: nothing is to be done, for
   * `note`. `refused`: without effect; the Ingress gets a warning Event with `note`.
   */
  readonly outcome: 'done' | 'mapped' | 'needless' | 'refused';
  readonly note: string;
}

/** Under each of these an Ingress of our class may write the same names; the first that has one counts. */
export const ANNOTATION_PREFIXES = [
  'nginx.ingress.kubernetes.io/',
  'alb.ingress.kubernetes.io/',
  'mse.ingress.kubernetes.io/',
] as const;

const CERTIFICATES_OF_CLIENTS = 'client certificates are not asked for; let a proxy in front do it';
const EXTERNAL_LOGIN =
  'requests are not sent to somebody else to be allowed; let the application or a proxy in front do it';
const PASSWORDS = 'passwords are not asked for; let the application or a proxy in front do it';
const SNIPPETS = 'no nginx runs here whose configuration could be written into';
const TLS_TO_BACKENDS =
  'backends are spoken to in plain text; let the workload’s own TLS pass by a Service of type LoadBalancer';
const RATES = 'requests are not counted per client; let a proxy in front do it';
const BUFFERS = 'bodies are streamed and never kept, so there is nothing to set';
const MODSECURITY = 'there is no web application firewall here; put one in front';
const TELEMETRY = 'spans go by OTLP, for all routes; sampling is in GatewayConfig';

export const KNOWN_ANNOTATIONS: readonly KnownAnnotation[] = [
  ...done(['canary', 'canary-by-header', 'canary-by-header-value', 'canary-by-cookie', 'canary-weight'], ''),
  ...done(['canary-weight-total'], 'as there, counts only above 100'),
  ...mapped(
    ['canary-by-header-pattern'],
    'RE2 instead of PCRE: no look-around, no back-references; a pattern that RE2 does not know is refused',
  ),
  ...done(['canary-by-cookie-value', 'canary-by-query', 'canary-by-query-value'], 'of MSE'),
  ...mapped(['canary-by-cookie-pattern', 'canary-by-query-pattern'], 'of MSE; RE2'),
  ...done(
    ['order'],
    'of ALB: among several canaries of one place, 1 to 1000, smaller first, 10 where it is not said',
  ),
  ...done(['affinity'], '`cookie`'),
  ...done(['affinity-mode', 'affinity-canary-behavior'], ''),
  ...done(
    [
      'session-cookie-name',
      'session-cookie-path',
      'session-cookie-max-age',
      'session-cookie-samesite',
      'session-cookie-secure',
    ],
    '',
  ),
  ...mapped(['session-cookie-expires'], 'Max-Age is sent, which browsers prefer'),
  ...refused(
    ['session-cookie-change-on-failure'],
    'a client whose endpoint fails is always given another one',
  ),
  ...refused(['session-cookie-conditional-samesite-none'], 'browsers that misread SameSite=None are gone'),
  ...refused(['session-cookie-domain'], 'the cookie is for the host that was asked'),
  ...done(['app-root', 'rewrite-target', 'use-regex'], ''),
  ...refused(['enable-rewrite-log'], 'the access log shows what was asked, hops show what became of it'),
  ...done(['ssl-redirect', 'force-ssl-redirect', 'permanent-redirect', 'permanent-redirect-code'], ''),
  ...done(['temporal-redirect', 'temporal-redirect-code'], ''),
  ...refused(['preserve-trailing-slash'], 'redirects to https keep the path as it was sent'),
  ...done(['from-to-www-redirect', 'server-alias'], ''),
  ...mapped(['backend-protocol'], 'HTTP, GRPC; AUTO_HTTP is HTTP. HTTPS, GRPCS, AJP and FCGI are refused'),
  ...done(['proxy-connect-timeout'], 'seconds'),
  ...mapped(
    ['proxy-read-timeout'],
    'from the request to the head of its response; a response that has begun may take as long as it likes',
  ),
  ...refused(['proxy-send-timeout'], 'a backend that takes no bytes is noticed by the idle timeout'),
  ...done(['proxy-body-size'], '0 and an absent one are no bound (there: 1 MB)'),
  ...done(['whitelist-source-range', 'allowlist-source-range', 'denylist-source-range'], ''),
  ...done(['enable-cors', 'cors-allow-origin', 'cors-allow-methods', 'cors-allow-headers'], ''),
  ...done(['cors-expose-headers', 'cors-allow-credentials', 'cors-max-age'], ''),
  ...done(['upstream-vhost', 'x-forwarded-prefix'], ''),
  ...done(
    ['request-header-control-add', 'request-header-control-update', 'request-header-control-remove'],
    'of MSE',
  ),
  ...done(
    ['response-header-control-add', 'response-header-control-update', 'response-header-control-remove'],
    'of MSE',
  ),
  ...refused(['custom-headers'], 'a ConfigMap of header names: use response-header-control-add'),
  ...done(
    ['service-subset'],
    'of MSE: the endpoints that carry the lane; `base` and empty: those of none. Where there are none it is 503, not all pods',
  ),
  ...refused(['subset-labels'], 'a lane’s selector says which labels make it'),
  ...done(
    ['destination'],
    'of MSE: one Service with its share, `b.shop.svc.cluster.local:80`; several with weights',
  ),
  ...refused(
    ['mirror-target', 'mirror-host', 'mirror-request-body'],
    'copies go to Services of the cluster: use RequestMirror of an HTTPRoute',
  ),
  ...refused(
    ['default-backend', 'custom-http-errors', 'disable-proxy-intercept-errors'],
    'errors of backends are passed on as they are',
  ),
  ...refused(['service-upstream'], 'endpoints are chosen here: lanes and retries need it'),
  ...refused(
    ['upstream-hash-by', 'upstream-hash-by-subset', 'upstream-hash-by-subset-size'],
    'use affinity: cookie',
  ),
  ...refused(['load-balance'], 'the mesh’s settings say how endpoints are picked'),
  ...mapped(
    ['proxy-next-upstream', 'proxy-next-upstream-timeout', 'proxy-next-upstream-tries'],
    'what may safely be tried again is, within a budget; nothing else',
  ),
  ...refused(['proxy-http-version'], 'HTTP/1.1 is spoken; GRPC backends get HTTP/2'),
  ...refused(
    ['proxy-cookie-domain', 'proxy-cookie-path', 'proxy-redirect-from', 'proxy-redirect-to'],
    'responses are not rewritten, but for their headers',
  ),
  ...needless(
    ['proxy-buffering', 'proxy-request-buffering', 'proxy-buffers-number', 'proxy-buffer-size'],
    BUFFERS,
  ),
  ...needless(['proxy-busy-buffers-size', 'proxy-max-temp-file-size', 'client-body-buffer-size'], BUFFERS),
  ...needless(['http2-push-preload'], 'browsers have given server push up'),
  ...refused(['connection-proxy-header'], 'connections to backends are ours to keep'),
  ...refused(
    ['enable-access-log'],
    'LANEKEEPER_ACCESS_LOG_SAMPLE says which requests are written, for all routes',
  ),
  ...refused(['ssl-passthrough'], 'TLS ends at the gateway'),
  ...refused(
    ['ssl-ciphers', 'ssl-prefer-server-ciphers'],
    'TLS 1.2 and 1.3 with the ciphers that Node takes for secure',
  ),
  ...refused(['auth-type', 'auth-secret', 'auth-secret-type', 'auth-realm'], PASSWORDS),
  ...refused(['auth-tls-secret', 'auth-tls-verify-depth', 'auth-tls-verify-client'], CERTIFICATES_OF_CLIENTS),
  ...refused(
    ['auth-tls-error-page', 'auth-tls-pass-certificate-to-upstream', 'auth-tls-match-cn'],
    CERTIFICATES_OF_CLIENTS,
  ),
  ...refused(
    ['auth-url', 'auth-signin', 'auth-signin-redirect-param', 'auth-method', 'auth-cache-key'],
    EXTERNAL_LOGIN,
  ),
  ...refused(
    ['auth-cache-duration', 'auth-keepalive', 'auth-keepalive-requests', 'auth-keepalive-timeout'],
    EXTERNAL_LOGIN,
  ),
  ...refused(
    ['auth-keepalive-share-vars', 'auth-proxy-set-headers', 'auth-request-redirect'],
    EXTERNAL_LOGIN,
  ),
  ...refused(
    ['auth-response-headers', 'auth-always-set-cookie', 'enable-global-auth', 'satisfy'],
    EXTERNAL_LOGIN,
  ),
  ...refused(['auth-snippet', 'configuration-snippet', 'server-snippet', 'stream-snippet'], SNIPPETS),
  ...refused(
    ['proxy-ssl-secret', 'proxy-ssl-ciphers', 'proxy-ssl-name', 'proxy-ssl-protocols'],
    TLS_TO_BACKENDS,
  ),
  ...refused(['proxy-ssl-verify', 'proxy-ssl-verify-depth', 'proxy-ssl-server-name'], TLS_TO_BACKENDS),
  ...refused(['limit-connections', 'limit-rps', 'limit-rpm', 'limit-rate', 'limit-rate-after'], RATES),
  ...refused(['limit-burst-multiplier', 'limit-whitelist', 'limit-allowlist'], RATES),
  ...refused(['global-rate-limit', 'global-rate-limit-window', 'global-rate-limit-key'], RATES),
  ...refused(['global-rate-limit-ignored-cidrs'], RATES),
  ...refused(['enable-modsecurity', 'enable-owasp-core-rules', 'modsecurity-transaction-id'], MODSECURITY),
  ...refused(['modsecurity-snippet'], MODSECURITY),
  ...refused(['enable-opentracing', 'opentracing-trust-incoming-span', 'enable-opentelemetry'], TELEMETRY),
  ...refused(['opentelemetry-trust-incoming-span', 'opentelemetry-operation-name'], TELEMETRY),
  ...refused(
    ['enable-influxdb', 'influxdb-measurement', 'influxdb-port', 'influxdb-host', 'influxdb-server-name'],
    TELEMETRY,
  ),
];

function done(names: readonly string[], note: string): readonly KnownAnnotation[] {
  return names.map((name) => ({ name, outcome: 'done', note }));
}

function mapped(names: readonly string[], note: string): readonly KnownAnnotation[] {
  return names.map((name) => ({ name, outcome: 'mapped', note }));
}

function needless(names: readonly string[], note: string): readonly KnownAnnotation[] {
  return names.map((name) => ({ name, outcome: 'needless', note }));
}

function refused(names: readonly string[], note: string): readonly KnownAnnotation[] {
  return names.map((name) => ({ name, outcome: 'refused', note }));
}
