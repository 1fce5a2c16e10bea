import { fastDriver } from './create-http-driver.ts';
import { runDriver } from './run-driver.ts';

runDriver(fastDriver);
