/* tastevin: reads the command line, finds the subcommand, runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/report.h"
#include "version.h"

static int run(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (invocation_has(invocation, "version")) {
        printf("tastevin %s\n", TASTEVIN_VERSION);
        return EXIT_DONE;
    }
    if (invocation_has(invocation, "help")) {
        if (command)
            help_command(command, stdout);
        else
            help_general(stdout);
        return EXIT_DONE;
    }
    return command->run(invocation);
}

int main(int argc, char **argv)
{
    /* A reader that went away is an error of write(), after which there is something to clean. */
    signal(SIGPIPE, SIG_IGN);
    if (argc <= 1) {
        help_general(stderr);
        return EXIT_USAGE;
    }
    struct invocation invocation;
    struct error err = {0};
    int code;
    if (invocation_parse(argc, argv, &invocation, &err) != STATUS_OK)
        code = report_usage(invocation.command, "%s", err.text);
    else
        code = report_flush(run(&invocation));
    invocation_free(&invocation);
    return code;
}
