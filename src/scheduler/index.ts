export { SCHEDULER_NAME, type Scheduler, type SchedulerOptions, startScheduler } from './scheduler.ts';
