/** Of this program; the one of package.json, which a test holds. */
export const VERSION = '0.1.0';
