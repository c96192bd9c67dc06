export { AUTO_UPDATE, defaultFlowSchemas, defaultPriorityLevels, mandatoryNames } from './defaults.ts';
export { FlowControl, type FlowControlSource } from './flow-control.ts';
export { flowControlStage } from './stage.ts';
