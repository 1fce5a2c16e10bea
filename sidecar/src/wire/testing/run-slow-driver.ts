import { slowDriver } from './create-http-driver.ts';
import { runDriver } from './run-driver.ts';

runDriver(slowDriver);
