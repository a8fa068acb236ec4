#!/usr/bin/env escript
%%! -kernel inet_dist_use_interface {127,0,0,1}
%% Erlang nodes in the roles of roles.hpp, with {name, node} sends through a process of the node in the middle.
%%
%%   erlang.escript route | reply ADDRESS SIZE | request ADDRESS SIZE COUNT

-mode(compile).

-define(WARM_UP, 500).

main(["route"]) ->
    start(router),
    ready(),
    route();
main(["reply", _Address, _Size]) ->
    start(service),
    ready(),
    reply();
main(["request", _Address, Size, Count]) ->
    start(client),
    Message = binary:copy(<<"x">>, list_to_integer(Size)),
    [ask(Message) || _ <- lists:seq(1, ?WARM_UP)],
    Samples = lists:sort([ask(Message) || _ <- lists:seq(1, list_to_integer(Count))]),
    Percents = [0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9],
    Pairs = [io_lib:format("[~.1f, ~.3f]", [P, percentile(P, Samples)]) || P <- Percents],
    io:format("{\"percentiles\": [~s]}~n", [lists:join(", ", Pairs)]).

start(Name) ->
    {ok, _} = net_kernel:start([node_of(Name), longnames]),
    erlang:set_cookie(bench),
    register(Name, self()).

node_of(Name) -> list_to_atom(atom_to_list(Name) ++ "@127.0.0.1").

ready() -> io:format("ready~n").

send(To, Message) -> {router, node_of(router)} ! {To, Message}.

route() ->
    receive
        {To, Message} -> {To, node_of(To)} ! Message
    end,
    route().

reply() ->
    receive
        Message -> send(client, Message)
    end,
    reply().

ask(Message) ->
    From = erlang:monotonic_time(nanosecond),
    send(service, Message),
    receive
        Message -> (erlang:monotonic_time(nanosecond) - From) / 1000
    end.

percentile(Percent, Samples) ->
    lists:nth(min(length(Samples), trunc(Percent / 100 * length(Samples)) + 1), Samples).
