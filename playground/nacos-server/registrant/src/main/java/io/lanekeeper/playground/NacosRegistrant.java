package io.lanekeeper.playground;

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/**
 * Does with the Java client of Nacos what standard input says, one JSON document a line, and answers each with one line:
 * {"id":1,"ok":true} or {"id":1,"ok":false,"error":"..."}. It ends with its input.
 *
 * <p>A client of Nacos 2 holds one instance of a service: registering another one replaces it. So a command names its client, and
 * each has a connection of its own, as applications have.
 */
public final class NacosRegistrant {
  /** What can be asked; absent fields are null. */
  public static final class Command {
    public long id;
    /** register (again: with what it says now), deregister, instances, watched or close. */
    public String action;
    public String client;
    public String service;
    public String group;
    public Instance instance;
  }

  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  private final Map<String, NamingService> clients = new HashMap<>();
  private final Properties settings;

  private NacosRegistrant(Properties settings) {
    this.settings = settings;
  }

  /** Properties of the client (serverAddr, namespace, username, password) come as a JSON document in the first line of input. */
  public static void main(String[] args) throws IOException {
    // Logging libraries write to standard output as they like; the answers must stay alone there.
    PrintStream answers = System.out;
    System.setOut(System.err);
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    String first = input.readLine();
    if (first == null) {
      return;
    }
    Properties settings = new Properties();
    settings.putAll(JSON.readValue(first, Map.class));
    NacosRegistrant registrant = new NacosRegistrant(settings);
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      answers.write((JSON.writeValueAsString(registrant.answer(line)) + "\n").getBytes(StandardCharsets.UTF_8));
      answers.flush();
    }
    // Not the way of an application that ends in order: the server shall find out from its connection.
    Runtime.getRuntime().halt(0);
  }

  private Map<String, Object> answer(String line) throws IOException {
    Command command = JSON.readValue(line, Command.class);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("id", command.id);
    try {
      answer.put("result", run(command));
      answer.put("ok", true);
    } catch (NacosException | RuntimeException error) {
      answer.put("ok", false);
      answer.put("error", error.toString());
    }
    return answer;
  }

  private Object run(Command command) throws NacosException {
    switch (command.action) {
      case "register":
        clientOf(command).registerInstance(command.service, command.group, command.instance);
        return null;
      case "deregister":
        clientOf(command).deregisterInstance(command.service, command.group, command.instance);
        return null;
      case "instances":
        return clientOf(command).getAllInstances(command.service, command.group, false);
      case "watched":
        // Subscribes the first time; from then on it answers with what the server has pushed.
        return clientOf(command).getAllInstances(command.service, command.group, true);
      case "close":
        close(command.client);
        return null;
      default:
        throw new IllegalArgumentException("expected register, deregister, instances, watched or close, not " + command.action);
    }
  }

  private NamingService clientOf(Command command) throws NacosException {
    NamingService known = clients.get(command.client);
    if (known != null) {
      return known;
    }
    NamingService made = NacosFactory.createNamingService(settings);
    clients.put(command.client, made);
    return made;
  }

  private void close(String client) throws NacosException {
    NamingService known = clients.remove(client);
    if (known != null) {
      known.shutDown();
    }
  }
}
