int main(void) {
    struct sched_param real = {.sched_priority = 1};
    must_fail("nice", setpriority(PRIO_PROCESS, 0, -20), EACCES, EPERM);
    must_fail("fifo", sched_setscheduler(0, SCHED_FIFO, &real), EPERM, EPERM);
    return verdict();
}
