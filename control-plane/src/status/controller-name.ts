/** `controllerName` of our GatewayClass, and of what we say in the status of routes. */
export const CONTROLLER_NAME = 'lanekeeper.io/gateway';
