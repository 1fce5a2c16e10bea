/** Of this program; all of Lanekeeper has one. */
export const VERSION = '0.1.0';
