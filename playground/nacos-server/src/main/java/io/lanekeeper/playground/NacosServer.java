package io.lanekeeper.playground;

import com.alibaba.nacos.core.code.ControllerMethodsCache;
import javax.annotation.PostConstruct;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.web.servlet.ServletComponentScan;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;

/**
 * Nacos' naming, configuration and auth in one process, as its console starts them, without the console.
 *
 * <p>The excluded parts of Spring Boot are excluded by the console too: Nacos opens its own data source and checks tokens itself.
 */
@SpringBootConfiguration
@EnableScheduling
@ComponentScan("com.alibaba.nacos")
@Import({HttpTls.class, RefusedAccess.class})
@ServletComponentScan("com.alibaba.nacos")
@EnableAutoConfiguration(
    excludeName = {
      "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration",
      "org.springframework.boot.autoconfigure.jdbc.DataSourceTransactionManagerAutoConfiguration",
      "org.springframework.boot.autoconfigure.ldap.LdapAutoConfiguration",
      "org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration",
      "org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration",
      "org.springframework.boot.actuate.autoconfigure.security.servlet.ManagementWebSecurityAutoConfiguration"
    })
public class NacosServer {
  private static final String[] CONTROLLERS = {
    "com.alibaba.nacos.core.controller",
    "com.alibaba.nacos.naming.controllers",
    "com.alibaba.nacos.config.server.controller"
  };

  private final ControllerMethodsCache methods;

  public NacosServer(ControllerMethodsCache methods) {
    this.methods = methods;
  }

  /** The filters look a request's method up here, and answer 404 or let it pass unchecked where it is not. */
  @PostConstruct
  public void registerControllers() {
    for (String controllers : CONTROLLERS) {
      methods.initClassMethod(controllers);
    }
  }

  public static void main(String[] args) {
    SpringApplication.run(NacosServer.class, args);
  }
}
