#ifndef CMD_SYSTEMD_H
#define CMD_SYSTEMD_H

/** Tell systemd, if it runs us and if we were built for it: "READY=1" and so on, as in sd_notify(3). */
void cmd_tell_systemd(const char *state);

#endif
